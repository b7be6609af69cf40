package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// makers return values that nobody can change, or that nobody does.
var makers = []string{
	"errors.New", "fmt.Errorf", "regexp.MustCompile", "strings.NewReplacer",
	"html/template.Must", "text/template.Must", "net/netip.MustParsePrefix", "net/netip.MustParseAddr",
}

const varWhy = "state that belongs to no object is shared by all tests and all connectors of a process"

// variables checks that package variables are values that have a name, no
// state: errors, regular expressions, embedded files and tables, all unchanged.
func (c *checker) variables(p *pkg) {
	for _, f := range p.files {
		for _, decl := range f.ast.Decls {
			if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.VAR && !f.test {
				c.declared(p, gen)
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			for _, target := range targets(p.info, n) {
				c.changed(p, target)
			}
			return true
		})
	}
}

func (c *checker) declared(p *pkg, gen *ast.GenDecl) {
	for _, spec := range gen.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok || embeds(gen.Doc) || embeds(v.Doc) {
			continue
		}
		for i, name := range v.Names {
			if name.Name == "_" || i < len(v.Values) && fixed(p.info, v.Values[i]) {
				continue
			}
			c.report(Violation{
				Rule: RuleVar, Where: c.at(name.Pos()),
				What: fmt.Sprintf("package variable %s is no error, regular expression, embedded file or table; make it a constant, a function or a field", name.Name),
				Why:  varWhy,
			}, p.dir+"."+name.Name)
		}
	}
}

// embeds reports whether a go:embed directive fills the variable.
func embeds(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

// fixed reports whether an initial value is of a kind that stays as it is.
func fixed(info *types.Info, value ast.Expr) bool {
	switch v := ast.Unparen(value).(type) {
	case *ast.CompositeLit:
		return true
	case *ast.CallExpr:
		if slices.Contains(makers, callee(info, v)) {
			return true
		}
		array, ok := v.Fun.(*ast.ArrayType) // []byte("…")
		return ok && array.Len == nil
	}
	return false
}

// targets returns the expressions that a statement or expression changes, or
// hands out so that they can be changed.
func targets(info *types.Info, n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return []ast.Expr{n.Key, n.Value}
		}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			return []ast.Expr{n.X}
		}
	case *ast.CallExpr:
		if len(n.Args) > 0 && changesFirst(callee(info, n)) {
			return n.Args[:1]
		}
	}
	return nil
}

// changesFirst reports whether a function changes its first argument.
func changesFirst(name string) bool {
	switch name {
	case "delete", "clear", "copy", "maps.Copy", "maps.Insert", "maps.DeleteFunc", "slices.Reverse":
		return true
	}
	return strings.HasPrefix(name, "slices.Sort") && !strings.HasPrefix(name, "slices.Sorted") || strings.HasPrefix(name, "sort.S")
}

// changed reports a target that is, or is part of, a package variable: our own
// or an imported one.
func (c *checker) changed(p *pkg, target ast.Expr) {
	name := ""
	switch root := root(p.info, target).(type) {
	case *ast.Ident:
		v, ok := p.info.Uses[root].(*types.Var)
		if !ok || v.Parent() == nil || v.Pkg() == nil || v.Parent() != v.Pkg().Scope() {
			return
		}
		name = root.Name
	case *ast.SelectorExpr: // of another package
		name = root.X.(*ast.Ident).Name + "." + root.Sel.Name
	default:
		return
	}
	c.report(Violation{
		Rule: RuleVar, Where: c.at(target.Pos()), What: "changes package variable " + name + ", or takes its address", Why: varWhy,
	}, p.dir+"."+name)
}

// root returns the variable of which an expression is a part: an identifier,
// or package.Name.
func root(info *types.Info, e ast.Expr) ast.Expr {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.SelectorExpr:
			if importedBy(info, x) != "" {
				return x
			}
			e = x.X
		default:
			return e
		}
	}
}
