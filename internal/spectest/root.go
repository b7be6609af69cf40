// Package spectest gives tests what they read beyond their own folder: the
// repository's root, vectors of testdata, and published specifications, which
// lie beside the checkout. Only tests import it.
package spectest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Root is the repository's root: the nearest folder with a go.mod, from the
// working directory upwards. `go test` sets that to the package's folder.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", errors.New("find the repository: no go.mod above the working directory")
		}
		dir = above
	}
}

// MustRoot is [Root] for a test, which it ends if there is none.
func MustRoot(t testing.TB) string {
	t.Helper()
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// ciVariable is "true" where no test may be left out.
const ciVariable = "CI"

// Path is where a published specification lies, a file or a folder, by its
// name in ../shared/specs beside the checkout. If it is not there the error is
// an [fs.ErrNotExist]: see [Need].
func Path(name string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, "..", "shared", "specs", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("specification %q: %w", name, err)
	}
	return path, nil
}

// Need ends a test that cannot have its specification: it is skipped if the
// specification is not there, unless CI=true; any other error fails it.
func Need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist) && os.Getenv(ciVariable) != "true":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}
