package arch

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path"
	"strings"
)

// tree is the parsed source of one module.
type tree struct {
	fsys     fs.FS
	fset     *token.FileSet
	module   string // its path, from go.mod
	packages []*pkg // by folder
}

// pkg is one folder with Go files.
type pkg struct {
	dir   string // relative to the root, with slashes; "." is the root
	files []*file
	info  *types.Info // what names stand for, see resolve
}

type file struct {
	path  string
	test  bool
	lines int
	ast   *ast.File
}

func load(fsys fs.FS) (*tree, error) {
	t := &tree{fsys: fsys, fset: token.NewFileSet()}
	mod, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return nil, fmt.Errorf("load module: %w", err)
	}
	if t.module = modulePath(string(mod)); t.module == "" {
		return nil, errors.New("load module: go.mod has no module line")
	}
	if err := fs.WalkDir(fsys, ".", t.visit); err != nil {
		return nil, fmt.Errorf("load module %q: %w", t.module, err)
	}
	for _, p := range t.packages {
		p.info = t.resolve(p)
	}
	return t, nil
}

func modulePath(mod string) string {
	for line := range strings.Lines(mod) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

func (t *tree) visit(name string, entry fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	if entry.IsDir() {
		if name != "." && t.leftOut(name) {
			return fs.SkipDir
		}
		return nil
	}
	if path.Ext(name) != ".go" {
		return nil
	}
	return t.add(name)
}

// leftOut reports whether the go command would leave the folder out of ./... too.
func (t *tree) leftOut(dir string) bool {
	base := path.Base(dir)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" {
		return true
	}
	_, err := fs.Stat(t.fsys, path.Join(dir, "go.mod"))
	return err == nil
}

func (t *tree) add(name string) error {
	text, err := fs.ReadFile(t.fsys, name)
	if err != nil {
		return err
	}
	parsed, err := parser.ParseFile(t.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	f := &file{path: name, test: strings.HasSuffix(name, "_test.go"), lines: bytes.Count(text, []byte("\n")), ast: parsed}
	dir := path.Dir(name)
	// WalkDir goes through one folder's files in one go, or with folders in
	// between: their packages come after this one.
	for _, p := range t.packages {
		if p.dir == dir {
			p.files = append(p.files, f)
			return nil
		}
	}
	t.packages = append(t.packages, &pkg{dir: dir, files: []*file{f}})
	return nil
}
