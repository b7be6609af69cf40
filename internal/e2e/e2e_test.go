// Package e2e tests casepush as people run it: the real program, nats-server
// and `casepush fakes` as processes of their own, and events published with a
// plain NATS client.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/spectest"
)

// binVariable names the folder of both programs. If it is set when the tests
// start, what is there is used; else they are built from this checkout.
const binVariable = "CASEPUSH_E2E_BIN"

func casepushProgram() string { return filepath.Join(os.Getenv(binVariable), "casepush") }

func natsProgram() string { return filepath.Join(os.Getenv(binVariable), "nats-server") }

// build makes both programs in dir, one after the other: the linker alone
// fills a small machine.
func build(dir string) error {
	root, err := spectest.Root()
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"build", "-o", filepath.Join(dir, "casepush"), "./cmd/casepush"},
		{"build", "-C", filepath.Join(root, "tools"), "-o", filepath.Join(dir, "nats-server"), "github.com/nats-io/nats-server/v2"},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	if os.Getenv(binVariable) != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "casepush-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := os.Setenv(binVariable, dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
