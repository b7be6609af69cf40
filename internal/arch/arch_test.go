package arch_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/casepush/casepush/internal/arch"
)

func TestHouse(t *testing.T) {
	found, err := arch.Check(os.DirFS(root(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Error(v)
	}
}

// root is the folder of go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}

// An empty module needs no exception, so each one is reported.
func TestStaleExceptions(t *testing.T) {
	found, err := arch.Check(fstest.MapFS{"go.mod": {Data: []byte("module m\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Error("no exception is reported as needless")
	}
	for _, v := range found {
		if v.Rule != arch.RuleExceptions {
			t.Error(v)
		}
	}
}
