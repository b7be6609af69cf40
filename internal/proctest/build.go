package proctest

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Binaries are the paths of the real programs, built from this checkout.
type Binaries struct{ Casepush, NATS string }

// BuildOptions say how casepush is built.
type BuildOptions struct {
	// Race builds it with the race detector.
	Race bool
	// Overlay is the path of a file as `go build -overlay` takes it: sources
	// that are read in place of others. Empty: none.
	Overlay string
}

// Build builds both programs, one after the other: the linker alone fills a
// small machine. nats-server stays in go's cache, casepush lives as long as
// the test, so a test builds once and hands the paths on.
func Build(t testing.TB, o BuildOptions) Binaries {
	t.Helper()
	return Binaries{Casepush: BuildCasepush(t, o), NATS: BuildNATS(t)}
}

// BuildCasepush builds ./cmd/casepush into a folder of the test.
func BuildCasepush(t testing.TB, o BuildOptions) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "casepush")
	args := []string{"build", "-o", binary}
	if o.Race {
		args = append(args, "-race")
	}
	if o.Overlay != "" {
		args = append(args, "-overlay", o.Overlay)
	}
	goTool(t, append(args, "./cmd/casepush")...)
	return binary
}

// BuildNATS builds the nats-server of tools/go.mod. `go tool` links it once
// and keeps the result for whoever asks next.
func BuildNATS(t testing.TB) string {
	t.Helper()
	return goTool(t, "-C", "tools", "tool", "-n", "nats-server")
}

// goTool runs go in the module's root and returns what it prints.
func goTool(t testing.TB, args ...string) string {
	t.Helper()
	mod, err := exec.CommandContext(t.Context(), "go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("go env GOMOD: %v", err)
	}
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = filepath.Dir(strings.TrimSpace(string(mod)))
	var diagnostics strings.Builder
	cmd.Stderr = &diagnostics
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, diagnostics.String())
	}
	return strings.TrimSpace(string(out))
}
