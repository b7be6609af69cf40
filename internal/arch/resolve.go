package arch

import (
	"go/ast"
	"go/types"
	"path"
	"regexp"
	"strings"
)

// resolve finds out what the names in a package's files stand for, without
// reading any import: everything that comes from elsewhere is unknown, but
// imports, package variables and what shadows them are told apart.
func (t *tree) resolve(p *pkg) *types.Info {
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object), Defs: make(map[*ast.Ident]types.Object)}
	byPackage := make(map[string][]*ast.File) // package x and x_test share a folder
	for _, f := range p.files {
		byPackage[f.ast.Name.Name] = append(byPackage[f.ast.Name.Name], f.ast)
	}
	config := types.Config{Importer: emptyImporter{}, Error: func(error) {}}
	for _, files := range byPackage {
		_, _ = config.Check(p.dir, t.fset, files, info) // errors: what is imported has no members
	}
	return info
}

// emptyImporter knows every package, and none has members.
type emptyImporter struct{}

// Import makes an empty package of that path.
func (emptyImporter) Import(importPath string) (*types.Package, error) {
	p := types.NewPackage(importPath, importName(importPath))
	p.MarkComplete()
	return p, nil
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// importName guesses a package's name as the go command's users do.
func importName(importPath string) string {
	base := path.Base(importPath)
	if majorVersion.MatchString(base) {
		base = path.Base(path.Dir(importPath))
	}
	return strings.TrimPrefix(strings.TrimSuffix(base, ".go"), "go-")
}

// callee names what a call calls: "os.Exit", "panic", or "" for methods,
// conversions and functions of the package itself.
func callee(info *types.Info, call *ast.CallExpr) string {
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		if _, ok := info.Uses[fun].(*types.Builtin); ok {
			return fun.Name
		}
	case *ast.SelectorExpr:
		if from := importedBy(info, fun); from != "" {
			return from + "." + fun.Sel.Name
		}
	}
	return ""
}

// importedBy returns the import path of p in an expression p.Name, else "".
func importedBy(info *types.Info, sel *ast.SelectorExpr) string {
	id, ok := sel.X.(*ast.Ident)
	if !ok {
		return ""
	}
	name, ok := info.Uses[id].(*types.PkgName)
	if !ok {
		return ""
	}
	return name.Imported().Path()
}
