package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Streams as go 1.26 writes them, shortened.
const (
	passing = `{"Action":"start","Package":"m/a"}
{"Action":"run","Package":"m/a","Test":"TestX"}
{"Action":"output","Package":"m/a","Test":"TestX","Output":"=== RUN   TestX\n"}
{"Action":"run","Package":"m/a","Test":"TestX/sub"}
{"Action":"pass","Package":"m/a","Test":"TestX/sub","Elapsed":0}
{"Action":"pass","Package":"m/a","Test":"TestX","Elapsed":0}
{"Action":"skip","Package":"m/a","Test":"TestY","Elapsed":0}
{"Action":"output","Package":"m/a","Output":"PASS\n"}
{"Action":"pass","Package":"m/a","Elapsed":0.25}
`
	untested = `{"Action":"start","Package":"m/b"}
{"Action":"output","Package":"m/b","Output":"?   \tm/b\t[no test files]\n"}
{"Action":"skip","Package":"m/b","Elapsed":0}
`
	failing = `{"Action":"start","Package":"m/c"}
{"Action":"output","Package":"m/c","Test":"TestGood","Output":"noise\n"}
{"Action":"pass","Package":"m/c","Test":"TestGood","Elapsed":0}
{"Action":"output","Package":"m/c","Test":"TestBad","Output":"    c_test.go:9: got 1, want 2\n"}
{"Action":"fail","Package":"m/c","Test":"TestBad","Elapsed":0}
{"Action":"output","Package":"m/c","Output":"FAIL\n"}
{"Action":"fail","Package":"m/c","Elapsed":1}
`
	unbuilt = `{"ImportPath":"m/d [m/d.test]","Action":"build-output","Output":"d/d.go:3: undefined: x\n"}
{"ImportPath":"m/d [m/d.test]","Action":"build-fail"}
{"Action":"start","Package":"m/d"}
{"Action":"output","Package":"m/d","Output":"FAIL\tm/d [build failed]\n"}
{"Action":"fail","Package":"m/d","Elapsed":0,"FailedBuild":"m/d [m/d.test]"}
`
	panicking = `{"Action":"start","Package":"m/e"}
{"Action":"run","Package":"m/e","Test":"TestLong"}
{"Action":"output","Package":"m/e","Test":"TestLong","Output":"panic: test timed out after 1s\n"}
{"Action":"fail","Package":"m/e","Elapsed":1}
`
	brokenOff = `{"Action":"start","Package":"m/f"}
{"Action":"pass","Package":"m/f","Test":"TestX","Elapsed":0}
`
)

func TestSummarize(t *testing.T) {
	for _, tc := range []struct {
		name, stream string
		want         totals
		ok           bool
		shown        []string
		hidden       []string
	}{
		{"passing", passing + untested, totals{2, 0, 1}, true, []string{"ok    m/a (0.2s, 1 skipped)"}, []string{"RUN", "m/b"}},
		{"failing", passing + failing, totals{3, 1, 1}, false, []string{"m/c TestBad", "got 1, want 2", "FAIL  m/c"}, []string{"noise"}},
		{"unbuilt", passing + unbuilt, totals{2, 1, 1}, false, []string{"undefined: x", "FAIL  m/d"}, nil},
		{"out of time", passing + panicking, totals{2, 1, 1}, false, []string{"timed out", "FAIL  m/e"}, nil},
		{"killed", brokenOff, totals{1, 1, 0}, false, []string{"FAIL  m/f: no result"}, nil},
		{"nothing", "", totals{}, false, nil, nil},
		{"words of the go command", "go: downloading x\n" + passing, totals{2, 0, 1}, true, []string{"go: downloading x"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			got, err := summarize(strings.NewReader(tc.stream), &out)
			if err != nil || got != tc.want || got.ok() != tc.ok {
				t.Errorf("got %+v, ok %t, %v, want %+v, ok %t", got, got.ok(), err, tc.want, tc.ok)
			}
			for _, text := range tc.shown {
				if !strings.Contains(out.String(), text) {
					t.Errorf("%q is not in\n%s", text, out.String())
				}
			}
			for _, text := range tc.hidden {
				if strings.Contains(out.String(), text) {
					t.Errorf("%q is in\n%s", text, out.String())
				}
			}
		})
	}
}

func TestLastLine(t *testing.T) {
	for want, of := range map[string]totals{
		"3 passed, 0 failed":              {passed: 3},
		"(2 skipped)\n3 passed, 1 failed": {passed: 3, failed: 1, skipped: 2},
	} {
		if got := of.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A run of the real go command, on packages that pass, fail and do not build.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":      "module m\n\ngo 1.26\n",
		"a/a_test.go": "package a\nimport \"testing\"\nfunc TestA(t *testing.T) {}\n",
		"b/b_test.go": "package b\nimport \"testing\"\nfunc TestB(t *testing.T) { t.Error(\"wrong\") }\n",
		"c/c_test.go": "package c\nvar x = undefined\n",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	file := filepath.Join(dir, "totals")
	for _, tc := range []struct {
		args []string
		ok   bool
		last string
	}{
		{[]string{"./a"}, true, "1 passed, 0 failed\n"},
		{[]string{"./a", "./b"}, false, "1 passed, 1 failed\n"},
		{[]string{"./a", "./c"}, false, "1 passed, 1 failed\n"},
		{[]string{"./none"}, false, "0 passed, 1 failed\n"},
		{[]string{"-run=None", "./a"}, false, "0 passed, 0 failed\n"},
	} {
		var out bytes.Buffer
		ok, err := run(t.Context(), options{args: tc.args, label: "plain", appendTo: file, out: &out})
		if err != nil || ok != tc.ok || !strings.HasSuffix(out.String(), tc.last) {
			t.Errorf("%v: ok %t, %v:\n%s", tc.args, ok, err, out.String())
		}
	}
	got, err := os.ReadFile(file)
	want := "plain 1 0 0\nplain 1 1 0\nplain 1 1 0\nplain 0 1 0\nplain 0 0 0\n"
	if err != nil || string(got) != want {
		t.Errorf("totals file: %q, %v, want %q", got, err, want)
	}
}
