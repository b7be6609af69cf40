package mutants

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMutantsFit checks that each change fits the source: one that does not
// tests nothing.
func TestMutantsFit(t *testing.T) {
	names := map[string]bool{}
	if n := len(mutants()); n < 12 {
		t.Errorf("%d mutants, want at least 12", n)
	}
	for _, m := range mutants() {
		if names[m.name] || len(m.edits) == 0 {
			t.Errorf("mutant %q: is there twice, or changes nothing", m.name)
		}
		names[m.name] = true
		if _, err := m.apply(); err != nil {
			t.Errorf("mutant %q is stale: %v", m.name, err)
		}
	}
}

func (m mutant) source() string { return filepath.Join("..", m.file) }

// apply returns the file with the mistake in it.
func (m mutant) apply() (string, error) {
	b, err := os.ReadFile(m.source())
	if err != nil {
		return "", err
	}
	text := string(b)
	for _, e := range m.edits {
		if n := strings.Count(text, e.old); n != 1 || e.old == e.new {
			return "", fmt.Errorf("%s: %d places to change, want 1:\n%s", m.file, n, e.old)
		}
		text = strings.Replace(text, e.old, e.new, 1)
	}
	return text, nil
}

// control is the pusher without a mistake.
var control = mutant{name: "control", file: "decide.go"}

// TestMutantsDie is `make mutants`. MUTANTS is "all" or a part of a name.
func TestMutantsDie(t *testing.T) {
	wanted := os.Getenv("MUTANTS")
	if wanted == "" {
		t.Skip("make mutants runs this: it builds and runs the histories once for each mutant")
	}
	dir := t.TempDir()
	dead := 0
	list := mutants()
	if wanted == "all" {
		// Where the histories fail by themselves, no mutant's death means anything.
		if by, err := control.kill(t.Context(), filepath.Join(dir, "control")); by != "" || err != nil {
			t.Fatalf("the pusher as it is: %s, %v", by, err)
		}
	}
	for i, m := range list {
		if wanted != "all" && !strings.Contains(m.name, wanted) {
			continue
		}
		start := time.Now()
		by, err := m.kill(t.Context(), filepath.Join(dir, fmt.Sprint(i)))
		switch {
		case err != nil:
			t.Errorf("%s: %v", m.name, err)
		case by == "":
			t.Errorf("%-30s SURVIVES: %s", m.name, m.mistake)
		default:
			dead++
			t.Logf("%-30s killed in %3.0f s by %s", m.name, time.Since(start).Seconds(), by)
		}
	}
	t.Logf("%d of %d mutants are dead", dead, len(list))
}

// kill builds the histories with the mistake and runs them: first those with
// one misfortune, then those with two. It returns what fails first, "" if
// nothing does.
func (m mutant) kill(ctx context.Context, dir string) (by string, err error) {
	binary, err := m.build(ctx, dir)
	if err != nil {
		return "", err
	}
	for _, env := range []string{"HISTORY_SINGLES=1", "HISTORY_SINGLES="} {
		run := exec.CommandContext(ctx, binary, "-test.run=TestEveryHistory", "-test.timeout=5m")
		run.Dir = filepath.Join("..", "history")
		run.Env = append(os.Environ(), env, "HISTORY_FATE=", "HISTORY_FIRST=1")
		out, err := run.CombinedOutput()
		switch {
		case err == nil:
		case strings.Contains(string(out), "panic: test timed out"):
			return "", errors.New("the histories do not end")
		default:
			return reason(string(out))
		}
	}
	return "", nil
}

// build makes the test binary; go reads the changed file in place of the
// original, which stays as it is.
func (m mutant) build(ctx context.Context, dir string) (binary string, err error) {
	text, err := m.apply()
	if err != nil {
		return "", err
	}
	original, err := filepath.Abs(m.source())
	if err != nil {
		return "", err
	}
	changed, overlay := filepath.Join(dir, m.file), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
		return "", err
	}
	if err := os.WriteFile(overlay, replace, 0o600); err != nil {
		return "", err
	}
	binary = filepath.Join(dir, "history.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, "../history")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("does not compile: %w\n%s", err, out)
	}
	return binary, nil
}

// reason finds the history and the first assertion in a failed run's output.
func reason(out string) (string, error) {
	lines := strings.Split(out, "\n")
	for i, line := range lines {
		if _, fate, ok := strings.Cut(line, "HISTORY_FATE="); ok && i+1 < len(lines) {
			return fate + ": " + short(lines[i+1]), nil
		}
		if strings.HasPrefix(line, "panic:") {
			return line, nil
		}
	}
	for i, line := range lines {
		if strings.Contains(line, "/calm:") && i+1 < len(lines) {
			return "a calm run: " + short(lines[i+1]), nil
		}
	}
	return "", fmt.Errorf("fails in another way: %s", short(strings.Join(lines, " ")))
}

func short(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 110 {
		s = strings.ToValidUTF8(s[:110], "") + "…"
	}
	return s
}
