package history

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCatalogue holds docs/duplicates.md and the tests of windows together: each
// row names tests that there are, and each test of a window has its row.
func TestCatalogue(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "duplicates.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := testsIn(t, ".", "..")
	named := map[string]bool{}
	rows := 0
	for line := range strings.SplitSeq(string(page), "\n") {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| window") {
			continue
		}
		rows++
		tests := regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(cells[len(cells)-1], -1)
		if len(cells) != 3 || len(tests) == 0 {
			t.Errorf("a row without a test: %s", line)
		}
		for _, test := range tests {
			if named[test[1]] = true; !there[test[1]] {
				t.Errorf("%q names %s, which does not exist", cells[0], test[1])
			}
		}
	}
	for name := range there {
		if strings.HasPrefix(name, "TestWindow") && !named[name] {
			t.Errorf("%s has no row", name)
		}
	}
	if rows < 20 {
		t.Errorf("%d rows: the table is not read any more", rows)
	}
}

// testsIn finds the test functions of the folders.
func testsIn(t *testing.T, dirs ...string) map[string]bool {
	there := map[string]bool{}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
					there[fn.Name.Name] = true
				}
			}
		}
	}
	return there
}
