// Package arch checks the import rules and the house limits on the source of
// this module. Nothing imports it but its test, which runs it on the checkout.
//
// Everything is decided on the syntax: the packages need not compile, and a
// run takes a second.
package arch

import (
	"cmp"
	"fmt"
	"go/token"
	"io/fs"
	"slices"
)

// Rule names one rule in a [Violation].
type Rule string

// Rules. What each demands is said where it is checked.
const (
	RuleLayer      Rule = "layer"      // what a package may import
	RuleOwner      Rule = "owner"      // who may import a package
	RuleFileSize   Rule = "file-size"  // lines of a file
	RuleFuncSize   Rule = "func-size"  // lines of a function
	RulePkgName    Rule = "pkg-name"   // names of packages that say nothing
	RuleFileName   Rule = "file-name"  // likewise of files
	RuleTopLevel   Rule = "top-level"  // what lies in the root folder
	RuleInit       Rule = "init"       // func init
	RuleExit       Rule = "exit"       // os.Exit
	RulePanic      Rule = "panic"      // panic
	RuleSleep      Rule = "sleep"      // time.Sleep in tests
	RuleVar        Rule = "var"        // package variables
	RuleErrorText  Rule = "error-text" // words of errors
	RuleExceptions Rule = "exceptions" // exceptions that nothing needs any more
)

// Violation is one place that breaks a rule.
type Violation struct {
	Rule  Rule
	Where string // "internal/push/pusher.go:12", or a path
	What  string // what was found there
	Why   string // what the rule is for
}

// String gives the violation on two lines.
func (v Violation) String() string {
	return fmt.Sprintf("%s: %s: %s\n\twhy: %s", v.Where, v.Rule, v.What, v.Why)
}

// Check reads the module whose root is fsys and returns every violation, by
// place. Folders named testdata, hidden ones and nested modules are left out.
// The error is about files that cannot be read or parsed.
func Check(fsys fs.FS) ([]Violation, error) {
	t, err := load(fsys)
	if err != nil {
		return nil, err
	}
	c := &checker{tree: t, used: make(map[exception]bool)}
	c.topLevel()
	for _, p := range t.packages {
		c.imports(p)
		c.names(p)
		c.fileNames(p)
		c.sizes(p)
		c.calls(p)
		c.variables(p)
	}
	c.staleExceptions()
	slices.SortStableFunc(c.found, func(a, b Violation) int { return cmp.Compare(a.Where, b.Where) })
	return c.found, nil
}

// checker gathers what the rules find in one tree.
type checker struct {
	tree  *tree
	found []Violation
	used  map[exception]bool
}

// report adds a violation unless an exception covers it. subject is what
// exceptions name: "internal/push/pusher.go", "internal/push.Decide" or "internal/push.Pusher.Push".
func (c *checker) report(v Violation, subject string) {
	for _, e := range exceptions {
		if e.rule == v.Rule && e.subject == subject {
			c.used[e] = true
			return
		}
	}
	c.found = append(c.found, v)
}

// at gives a position as "path:line".
func (c *checker) at(pos token.Pos) string {
	p := c.tree.fset.Position(pos)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// staleExceptions keeps the list of exceptions as short as it can be.
func (c *checker) staleExceptions() {
	for _, e := range exceptions {
		if !c.used[e] {
			c.found = append(c.found, Violation{
				Rule: RuleExceptions, Where: "internal/arch/exceptions.go",
				What: fmt.Sprintf("nothing needs the exception of %s for %s any more (%s)", e.subject, e.rule, e.why),
				Why:  "an exception that outlives its cause lets the next one pass unseen",
			})
		}
	}
}
