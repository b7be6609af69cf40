package arch

import (
	"fmt"
	"go/ast"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Hard limits. What the house aims at is far below: files around 120 lines,
// functions around 10.
const (
	maxFileLines = 400
	maxFuncLines = 60
)

// sizes checks production files; a table of test cases is as long as it is.
func (c *checker) sizes(p *pkg) {
	for _, f := range p.files {
		if f.test {
			continue
		}
		if f.lines > maxFileLines {
			c.report(Violation{
				Rule: RuleFileSize, Where: f.path,
				What: fmt.Sprintf("%d lines, at most %d are allowed", f.lines, maxFileLines),
				Why:  "a file is about one thing and is read in one go",
			}, f.path)
		}
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				c.funcSize(p, fn)
			}
		}
	}
}

func (c *checker) funcSize(p *pkg, fn *ast.FuncDecl) {
	lines := c.tree.fset.Position(fn.End()).Line - c.tree.fset.Position(fn.Pos()).Line + 1
	if lines <= maxFuncLines {
		return
	}
	c.report(Violation{
		Rule: RuleFuncSize, Where: c.at(fn.Pos()),
		What: fmt.Sprintf("%s has %d lines, at most %d are allowed", funcName(fn), lines, maxFuncLines),
		Why:  "a function that does not fit on a screen hides the order of its effects",
	}, p.dir+"."+funcName(fn))
}

var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "models", "types", "misc", "shared", "base"}

// names checks the package's folder and the name in its package clauses.
func (c *checker) names(p *pkg) {
	name := strings.TrimSuffix(p.files[0].ast.Name.Name, "_test")
	for _, n := range slices.Compact([]string{name, path.Base(p.dir)}) {
		if slices.Contains(emptyNames, n) {
			c.report(Violation{
				Rule: RulePkgName, Where: p.dir,
				What: fmt.Sprintf("a package is named %q", n),
				Why:  "a package is named after what it provides; what such names hold belongs to its users",
			}, p.dir)
			return
		}
	}
}

// emptyParts may be no part of a file's name, the parts being what stands
// between underscores.
var emptyParts = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "stuff"}

// fileNames checks the files of a package, tests too.
func (c *checker) fileNames(p *pkg) {
	for _, f := range p.files {
		for part := range strings.SplitSeq(strings.TrimSuffix(path.Base(f.path), ".go"), "_") {
			if slices.Contains(emptyParts, part) {
				c.report(Violation{
					Rule: RuleFileName, Where: f.path,
					What: fmt.Sprintf("a file is named %q", part),
					Why:  "a file is named after what is in it, or everything ends there",
				}, f.path)
			}
		}
	}
}

var topNames = []string{
	"cmd", "internal", "adapters", "deploy", "testdata", "docs", "tools",
	"go.mod", "go.sum", "Makefile", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "BENCHMARKS.md", "CHANGELOG.md", "LICENSE",
}

// topLevel lets hidden names pass, and what .gitignore leaves out.
func (c *checker) topLevel() {
	entries, err := fs.ReadDir(c.tree.fsys, ".")
	if err != nil {
		c.report(Violation{Rule: RuleTopLevel, Where: ".", What: err.Error(), Why: "the root folder cannot be listed"}, ".")
		return
	}
	ignored := c.ignored()
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || slices.Contains(topNames, name) || matchesAny(ignored, name) {
			continue
		}
		c.report(Violation{
			Rule: RuleTopLevel, Where: name, What: "it has no place in the root folder",
			Why: "who opens the repository sees at one glance what it is made of: " + strings.Join(topNames, " "),
		}, name)
	}
}

// ignored returns the patterns of .gitignore that can match a name in the root.
func (c *checker) ignored() []string {
	text, err := fs.ReadFile(c.tree.fsys, ".gitignore")
	if err != nil { // none
		return nil
	}
	var patterns []string
	for line := range strings.Lines(string(text)) {
		if p := strings.Trim(strings.TrimSpace(line), "/"); p != "" && !strings.HasPrefix(p, "#") {
			patterns = append(patterns, p)
		}
	}
	return patterns
}
