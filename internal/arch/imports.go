package arch

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// imports checks the production files of a package. Tests may import what they
// need: the compiler forbids them the cycles.
func (c *checker) imports(p *pkg) {
	for _, f := range p.files {
		if f.test {
			continue
		}
		for _, spec := range f.ast.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil { // the parser takes only valid literals
				continue
			}
			c.checkLayers(p.dir, c.at(spec.Pos()), c.local(name))
			c.checkOwners(p.dir, c.at(spec.Pos()), c.local(name))
		}
	}
}

// local turns an import path of this module into its folder with a leading
// "./": own packages can then not be mistaken for the standard library.
func (c *checker) local(importPath string) string {
	if rest, ok := strings.CutPrefix(importPath, c.tree.module+"/"); ok {
		return "./" + rest
	}
	return importPath
}

// standard: the first element of a module's path has a dot.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

func (c *checker) checkLayers(dir, where, imported string) {
	for _, l := range layers {
		if !matches(l.dir, dir) {
			continue
		}
		if standard(imported) && !slices.Contains(l.never, imported) || matchesAny(l.may, imported) {
			continue
		}
		c.report(Violation{
			Rule: RuleLayer, Where: where,
			What: fmt.Sprintf("%s imports %s; %s", dir, imported, l.permitted()), Why: l.why,
		}, dir)
	}
}

// permitted says in words what a layer may import.
func (l layer) permitted() string {
	text := "it may import the standard library"
	if len(l.never) > 0 {
		text += " without " + strings.Join(l.never, ", ")
	}
	if len(l.may) > 0 {
		text += " and " + strings.Join(l.may, ", ")
	}
	return text
}

func (c *checker) checkOwners(dir, where, imported string) {
	for _, o := range owners {
		if !matchesAny(o.of, imported) {
			continue
		}
		if !matchesAny(o.by, dir) {
			c.report(Violation{
				Rule: RuleOwner, Where: where,
				What: fmt.Sprintf("%s imports %s; %s", dir, imported, o.permitted()), Why: o.why,
			}, dir)
		}
		return
	}
	if !standard(imported) && !strings.HasPrefix(imported, "./") {
		c.report(Violation{
			Rule: RuleOwner, Where: where,
			What: fmt.Sprintf("%s imports %s, which has no owner in internal/arch/table.go", dir, imported),
			Why:  "a library that one package owns can be replaced by changing one package",
		}, dir)
	}
}

func (o owner) permitted() string {
	if len(o.by) == 0 {
		return "only tests may"
	}
	return "only tests and " + strings.Join(o.by, ", ") + " may"
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}

// matches: "a/..." is a and all below it, "*" is one path element or a part of it.
func matches(pattern, name string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		for name != "." && name != "/" {
			if matches(prefix, name) {
				return true
			}
			if !strings.Contains(strings.TrimPrefix(name, "./"), "/") {
				return false
			}
			name = parent(name)
		}
		return false
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// parent is path.Dir that keeps a leading "./".
func parent(name string) string { return name[:strings.LastIndex(name, "/")] }
