package arch_test

import (
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/casepush/casepush/internal/arch"
)

const module = "example.test/planted"

// planted is a tree that breaks one rule once, or none.
type planted struct {
	name  string
	files map[string]string // Go files without a package clause get one
	rule  arch.Rule         // "" is none
	where string            // the violation's place
}

func TestPlanted(t *testing.T) {
	cases := slices.Concat(layerCases(), ownerCases(), limitCases(), callCases(), varCases())
	for _, tc := range cases {
		t.Run(string(tc.rule)+"/"+tc.name, func(t *testing.T) {
			found := check(t, tc.files)
			if tc.rule == "" {
				if len(found) > 0 {
					t.Errorf("clean, but found %v", found)
				}
				return
			}
			if len(found) != 1 || found[0].Rule != tc.rule || found[0].Where != tc.where {
				t.Fatalf("want one violation of %s at %s, got %v", tc.rule, tc.where, found)
			}
			if found[0].What == "" || found[0].Why == "" {
				t.Errorf("%v says too little", found[0])
			}
		})
	}
}

// check returns what is wrong with the files; which exceptions they do not
// need is beside the point.
func check(t *testing.T, files map[string]string) []arch.Violation {
	t.Helper()
	fsys := fstest.MapFS{"go.mod": {Data: []byte("module " + module + "\n\ngo 1.26\n")}}
	for name, text := range files {
		if path.Ext(name) == ".go" && !strings.Contains(text, "package ") {
			text = "package " + path.Base(path.Dir(name)) + "; " + text
		}
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	found, err := arch.Check(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(found, func(v arch.Violation) bool { return v.Rule == arch.RuleExceptions })
}

func one(name, text string) map[string]string { return map[string]string{name: text} }

func own(dir string) string { return `import _ "` + module + "/" + dir + `"` }

func layerCases() []planted {
	bad := func(name, dir, text string) planted {
		return planted{name, one(dir+"/a.go", text), arch.RuleLayer, dir + "/a.go:1"}
	}
	good := func(name, dir, text string) planted { return planted{name: name, files: one(dir+"/a.go", text)} }
	return []planted{
		bad("secret imports its user", "internal/secret", own("internal/connector")),
		bad("connector imports kibana", "internal/connector", own("internal/kibana")),
		good("connector imports secret", "internal/connector", own("internal/secret")),
		bad("event imports kibana", "internal/event", own("internal/kibana")),
		bad("event reads files", "internal/event", `import _ "os"`),
		good("event imports the standard library", "internal/event", `import _ "encoding/json"`),
		good("ledger imports connector", "internal/ledger", own("internal/connector")),
		bad("ledger imports stream", "internal/ledger", own("internal/stream")),
		bad("mapping imports httpclient", "internal/mapping", own("internal/httpclient")),
		bad("mapping uses the network", "internal/mapping", `import _ "net/http"`),
		good("mapping imports its template", "internal/mapping", own("internal/mapping/template")),
		good("template imports mustache", "internal/mapping/template", `import _ "github.com/cbroglie/mustache"`),
		bad("template imports kibana", "internal/mapping/template", own("internal/kibana")),
		bad("httpclient imports kibana", "internal/httpclient", own("internal/kibana")),
		bad("gate imports stream", "internal/gate", own("internal/stream")),
		bad("gate sends requests", "internal/gate", `import _ "net/http"`),
		good("gate imports connector", "internal/gate", own("internal/connector")),
		bad("kibana imports push", "internal/kibana", own("internal/push")),
		bad("push imports stream", "internal/push", own("internal/stream")),
		bad("push sends requests", "internal/push", `import _ "net/http"`),
		good("push imports the ledger", "internal/push", own("internal/ledger")),
		bad("telemetry imports config", "internal/telemetry", own("internal/config")),
		bad("arch imports anything", "internal/arch", own("internal/secret")),
		bad("adapter imports kibana", "adapters/jira", own("internal/kibana")),
		bad("adapter logs", "adapters/jira", own("internal/telemetry")),
		good("adapter imports httpclient", "adapters/jira", own("internal/httpclient")),
		bad("the table imports config", "adapters", own("internal/config")),
		good("the table imports adapters", "adapters", own("adapters/jira")),
		good("tests import more", "internal/event", "package event"),
		{name: "tests import more", files: one("internal/event/a_test.go", own("internal/stream"))},
	}
}

func ownerCases() []planted {
	bad := func(dir, text string) planted {
		return planted{dir + " " + text, one(dir+"/a.go", text), arch.RuleOwner, dir + "/a.go:1"}
	}
	good := func(dir, text string) planted {
		return planted{name: dir + " " + text, files: one(dir+"/a.go", text)}
	}
	return []planted{
		bad("internal/other", own("internal/worker")),
		good("cmd/casepush", own("internal/worker")),
		bad("internal/other", own("internal/api")),
		bad("internal/other", own("internal/console")),
		bad("internal/worker", own("internal/fakes")),
		bad("internal/worker", own("internal/fakes/faults")),
		good("cmd/casepush", own("internal/fakes")),
		{name: "tests use fakes", files: one("internal/worker/a_test.go", own("internal/fakes"))},
		bad("internal/fakes", own("internal/connector/connectortest")),
		bad("internal/stream", own("internal/ledger/ledgertest")),
		bad("internal/config", own("internal/connector/definition")),
		bad("internal/worker", own("internal/connector/wire")),
		good("adapters/jira", own("internal/connector/wire")),
		bad("internal/config", own("internal/arch")),
		bad("internal/fakes", own("internal/spectest")),
		bad("internal/fakes", own("internal/proctest")),
		bad("internal/worker", own("adapters/jira")),
		good("internal/worker", own("adapters")),
		bad("internal/worker", own("cmd/casepush/verbs")),
		bad("internal/fakes", `import _ "testing"`),
		bad("internal/fakes", `import _ "testing/quick"`),
		good("internal/ledger/ledgertest", `import _ "testing"`),
		bad("adapters/jira", `import _ "log"`),
		bad("internal/worker", `import _ "log/slog"`),
		bad("internal/worker", `import _ "github.com/nats-io/nats.go"`),
		bad("internal/config", `import _ "github.com/nats-io/nats-server/v2/server"`),
		good("internal/stream", `import _ "github.com/nats-io/nats.go/jetstream"`),
		good("internal/stream/embedded", `import _ "github.com/nats-io/nats-server/v2/server"`),
		bad("internal/worker", `import _ "github.com/cbroglie/mustache"`),
		bad("internal/other", `import _ "github.com/goccy/go-yaml"`),
		bad("internal/other", `import _ "github.com/goccy/go-yaml/ast"`),
		good("internal/config", `import _ "github.com/goccy/go-yaml/ast"`),
		bad("internal/worker", `import _ "go.uber.org/zap"`),
		bad("internal/worker", `import _ "go.uber.org/zap/zapcore"`),
		bad("internal/worker", `import _ "go.elastic.co/ecszap"`),
		bad("internal/other", `import _ "github.com/spf13/cobra"`),
		good("cmd/casepush", `import _ "github.com/spf13/cobra"`),
		bad("internal/other", `import _ "github.com/jedib0t/go-pretty/v6/table"`),
		bad("internal/worker", `import _ "github.com/mattn/go-isatty"`),
		bad("adapters/swimlane", `import _ "github.com/andygrunwald/go-jira"`),
		bad("internal/other", `import _ "golang.org/x/time/rate"`),
		bad("internal/stream", `import _ "golang.org/x/time/rate"`),
		good("adapters/jira", `import _ "golang.org/x/time/rate"`),
		good("internal/worker", `import _ "golang.org/x/sync/errgroup"`),
		bad("internal/worker", `import _ "github.com/google/go-cmp/cmp"`),
		bad("internal/worker", `import _ "pgregory.net/rapid"`),
		good("internal/connector/connectortest", `import _ "github.com/google/go-cmp/cmp"`),
		good("internal/spectest", `import _ "github.com/getkin/kin-openapi/openapi3"`),
		bad("internal/worker", `import _ "example.org/new/library"`),
	}
}

func limitCases() []planted {
	lines := func(n int) string { return strings.Repeat("\n", n) }
	fn := func(n int) string { return "package a\nfunc f() {" + lines(n-1) + "}\n" }
	return []planted{
		{"one line too long", one("internal/a/a.go", "package a"+lines(401)), arch.RuleFileSize, "internal/a/a.go"},
		{name: "as long as a file may be", files: one("internal/a/a.go", "package a"+lines(400))},
		{name: "a long test", files: one("internal/a/a_test.go", "package a"+lines(1000))},
		{"one line too long", one("internal/a/a.go", fn(61)), arch.RuleFuncSize, "internal/a/a.go:2"},
		{name: "as long as a function may be", files: one("internal/a/a.go", fn(60))},
		{"folder", one("internal/util/a.go", "package files"), arch.RulePkgName, "internal/util"},
		{"package clause", one("internal/a/a.go", "package helpers"), arch.RulePkgName, "internal/a"},
		{"tests only", one("internal/models/a_test.go", "package models_test"), arch.RulePkgName, "internal/models"},
		{"whole name", one("internal/a/helpers.go", ""), arch.RuleFileName, "internal/a/helpers.go"},
		{"part of a name", one("internal/a/jira_util.go", ""), arch.RuleFileName, "internal/a/jira_util.go"},
		{"a test", one("internal/a/common_test.go", ""), arch.RuleFileName, "internal/a/common_test.go"},
		{name: "a word that begins like one", files: one("internal/a/utilization.go", "")},
		{"folder", one("pkg/a/a.txt", ""), arch.RuleTopLevel, "pkg"},
		{"file", one("NOTES.md", ""), arch.RuleTopLevel, "NOTES.md"},
		{name: "hidden and ignored names", files: map[string]string{
			".ci/run": "", ".gitignore": "# built\n/casepush\n*.test\n", "casepush": "", "a.test": "",
		}},
		{name: "nested modules are others' business", files: map[string]string{
			"tools/go.mod": "module " + module + "/tools\n", "tools/util/a.go": "func init() { panic(1) }",
		}},
		{name: "testdata is data", files: one("internal/a/testdata/util/a.go", "func init() { panic(1) }")},
	}
}

func callCases() []planted {
	bad := func(name, file, text string, rule arch.Rule) planted {
		return planted{name, one(file, text), rule, file + ":1"}
	}
	const sleep = `import "time"; func f() { time.Sleep(1) }`
	return []planted{
		bad("in production", "internal/a/a.go", `func init() {}`, arch.RuleInit),
		bad("in a test", "internal/a/a_test.go", `func init() {}`, arch.RuleInit),
		{name: "a method named init", files: one("internal/a/a.go", `type T struct{}; func (T) init() {}`)},
		bad("in a package", "internal/a/a.go", `import "os"; func f() { defer func() { os.Exit(1) }() }`, arch.RuleExit),
		bad("renamed", "internal/a/a.go", `import sys "os"; func f() { sys.Exit(1) }`, arch.RuleExit),
		bad("in a verb", "cmd/casepush/run.go", `import "os"; func f() { os.Exit(1) }`, arch.RuleExit),
		{name: "main exits", files: one("cmd/casepush/main.go", `package main; import "os"; func main() { os.Exit(1) }`)},
		bad("plain", "internal/a/a.go", `func f() { panic("x") }`, arch.RulePanic),
		bad("in what an unknown function is given", "internal/a/a.go", `import "sync"; func f() { sync.OnceFunc(func() { panic("x") }) }`, arch.RulePanic),
		{name: "a suite panics", files: one("internal/a/atest/a.go", `func f() { panic("x") }`)},
		{name: "a handler that cuts its connection", files: one("internal/a/a.go", `import "net/http"; func f() { panic(http.ErrAbortHandler) }`)},
		{name: "another panic", files: one("internal/a/a.go", `func f(panic func()) { panic() }`)},
		{name: "a test panics", files: one("internal/a/a_test.go", `func f() { panic("x") }`)},
		bad("plain", "internal/a/a_test.go", sleep, arch.RuleSleep),
		bad("in a subtest", "internal/a/a_test.go",
			`import ("testing"; "time"); func TestX(t *testing.T) { t.Run("x", func(t *testing.T) { time.Sleep(1) }) }`, arch.RuleSleep),
		{name: "in a bubble", files: one("internal/a/a_test.go",
			`import ("testing"; "testing/synctest"; "time"); func TestX(t *testing.T) { synctest.Test(t, func(t *testing.T) { time.Sleep(1) }) }`)},
		{name: "in production", files: one("internal/a/a.go", sleep)},
		bad("Errorf", "internal/a/a.go", `import "fmt"; func f() error { return fmt.Errorf("failed to read: %w", nil) }`, arch.RuleErrorText),
		bad("New", "internal/a/a.go", `import "errors"; func f() error { return errors.New("Failed to read") }`, arch.RuleErrorText),
	}
}

func varCases() []planted {
	bad := func(name, text string) planted {
		return planted{name, one("internal/a/a.go", text), arch.RuleVar, "internal/a/a.go:1"}
	}
	good := func(name, text string) planted { return planted{name: name, files: one("internal/a/a.go", text)} }
	return []planted{
		bad("without a value", `var n int`),
		bad("a number", `var n = 1`),
		bad("a function", `import "time"; var now = time.Now`),
		bad("a pointer", `type T struct{}; var t = &T{}`),
		bad("a call", `func g() int { return 1 }; var n = g()`),
		good("an error", `import "errors"; var ErrX = errors.New("x")`),
		good("a regular expression", `import "regexp"; var re = regexp.MustCompile("x")`),
		good("a table", `var table = map[string]int{"a": 1}; func f() int { return table["a"] }`),
		good("an assertion", `import "io"; type T struct{ io.Reader }; var _ io.Reader = (*T)(nil)`),
		good("an embedded file", "package a\nimport \"embed\"\n//go:embed x\nvar files embed.FS\n"),
		good("a shadowing variable", `var table = []int{1}; func f() { table := []int{2}; table[0] = 3; _ = table }`),
		bad("a table that is changed", `var table = map[string]int{}; func f() { table["a"] = 1 }`),
		bad("a table that is emptied", `var table = map[string]int{}; func f() { clear(table) }`),
		bad("a table that is sorted", `import "slices"; var table = []int{2, 1}; func f() { slices.Sort(table) }`),
		bad("a part that is counted up", `type T struct{ n []int }; var t = T{}; func f() { t.n[0]++ }`),
		bad("a table whose address is taken", `var table = [2]int{}; func f() *[2]int { return &table }`),
		bad("a variable of the library", `import "net/http"; func f() { http.DefaultClient = nil }`),
		{"changed by a test", map[string]string{
			"internal/a/a.go": `var table = []int{1}`, "internal/a/a_test.go": `func f() { table = nil }`,
		}, arch.RuleVar, "internal/a/a_test.go:1"},
		{name: "a test's own variable", files: one("internal/a/a_test.go", `import "flag"; var update = flag.Bool("update", false, "")`)},
	}
}

func TestUnreadable(t *testing.T) {
	for name, fsys := range map[string]fstest.MapFS{
		"no go.mod":      {},
		"no module line": {"go.mod": {Data: []byte("go 1.26\n")}},
		"no Go":          {"go.mod": {Data: []byte("module m\n")}, "internal/a/a.go": {Data: []byte("packaged")}},
	} {
		if _, err := arch.Check(fsys); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
