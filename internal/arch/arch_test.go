package arch_test

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/casepush/casepush/internal/arch"
	"github.com/casepush/casepush/internal/spectest"
)

func TestHouse(t *testing.T) {
	found, err := arch.Check(os.DirFS(spectest.MustRoot(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Error(v)
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
