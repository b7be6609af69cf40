package arch

import (
	"fmt"
	"go/ast"
	"path"
	"strconv"
	"strings"
)

// mainFile is the only one that may end the process.
const mainFile = "cmd/casepush/main.go"

// calls checks what functions do that they should not.
func (c *checker) calls(p *pkg) {
	for _, f := range p.files {
		for _, decl := range f.ast.Decls {
			scope := callScope{c, p, f, p.dir}
			if fn, ok := decl.(*ast.FuncDecl); ok {
				scope.subject = p.dir + "." + funcName(fn)
				c.initFunc(fn)
			}
			scope.inspect(decl)
		}
	}
}

// funcName is the function's name, with its receiver's type if it has one.
func funcName(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	t := fn.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if generic, ok := t.(*ast.IndexExpr); ok {
		t = generic.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "." + fn.Name.Name
	}
	return fn.Name.Name
}

func (c *checker) initFunc(fn *ast.FuncDecl) {
	if fn.Name.Name != "init" || fn.Recv != nil {
		return
	}
	where := c.at(fn.Pos())
	c.report(Violation{
		Rule: RuleInit, Where: where, What: "func init",
		Why: "what runs before main depends on imports, cannot return an error and cannot be left out by a test",
	}, where)
}

// callScope is one declaration whose calls are looked at.
type callScope struct {
	*checker
	pkg     *pkg
	file    *file
	subject string // for exceptions
}

func (s callScope) inspect(root ast.Node) {
	ast.Inspect(root, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name := callee(s.pkg.info, call)
		s.call(call, name)
		// In a bubble time is not the wall clock's, and sleeping takes none.
		return name != "testing/synctest.Test"
	})
}

func (s callScope) call(call *ast.CallExpr, name string) {
	v := Violation{Where: s.at(call.Pos()), What: "calls " + path.Base(name)}
	switch name {
	case "os.Exit", "syscall.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln":
		v.Rule, v.Why = RuleExit, "only "+mainFile+" ends the process: elsewhere it would skip what others have deferred"
		if s.file.test || s.file.path == mainFile {
			return
		}
	case "panic":
		v.Rule, v.Why = RulePanic, "a broken event or tracker is an error with a reason; a panic takes everybody's pushes along"
		if s.file.test || forTests(s.pkg.dir) || s.abortsHandler(call) {
			return
		}
	case "time.Sleep":
		v.Rule, v.Why = RuleSleep, "a test that sleeps is slow or flaky, mostly both: wait for the event, or use testing/synctest"
		if !s.file.test {
			return
		}
	case "errors.New", "fmt.Errorf":
		s.errorText(call)
		return
	default:
		return
	}
	s.report(v, s.subject)
}

// forTests: packages such as connectortest are only imported by tests.
func forTests(dir string) bool { return strings.HasSuffix(dir, "test") }

// abortsHandler: panic(http.ErrAbortHandler) is net/http's own way to cut a
// connection.
func (s callScope) abortsHandler(call *ast.CallExpr) bool {
	if len(call.Args) != 1 {
		return false
	}
	sel, ok := call.Args[0].(*ast.SelectorExpr)
	return ok && importedBy(s.pkg.info, sel) == "net/http" && sel.Sel.Name == "ErrAbortHandler"
}

// errorText checks the words of an error that is made here.
func (s callScope) errorText(call *ast.CallExpr) {
	if s.file.test || len(call.Args) == 0 {
		return
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return
	}
	text, err := strconv.Unquote(literal.Value)
	if err != nil || !strings.Contains(strings.ToLower(text), "failed to") {
		return
	}
	s.report(Violation{
		Rule: RuleErrorText, Where: s.at(call.Pos()), What: fmt.Sprintf("an error says %q", text),
		Why: `errors name operation, object and cause; a chain of "failed to" says nothing three times`,
	}, s.subject)
}
