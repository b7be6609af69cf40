package config

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// What is too large is refused in little time, whatever its form.
func TestTooMuch(t *testing.T) {
	bomb := "k0: &k0 [x, x]\n"
	for i := range 40 {
		bomb += fmt.Sprintf("k%d: &k%[1]d [*k%d, *k%[2]d]\n", i+1, i)
	}
	for name, c := range map[string]struct{ text, want string }{
		"size":     {strings.Repeat("#", maxFileBytes+1), "f.yaml:1:1: the file has 1048577 bytes, want at most 1048576"},
		"brackets": {"a: " + strings.Repeat("[", 100_000), "f.yaml:1:1: 100000 brackets are open at once, want at most 1000"},
		"aliases":  {bomb, "more than 200000 values or 64 levels"},
		"itself":   {"connectors: &a {a: *a}\n", "more than 200000 values or 64 levels"},
		"levels":   {"connectors: " + strings.Repeat("[", 100) + strings.Repeat("]", 100), "more than 200000 values or 64 levels"},
	} {
		start := time.Now()
		_, problems := Parse("f.yaml", []byte(c.text), testOptions())
		if !strings.Contains(text(problems), c.want) {
			t.Errorf("%s: problems %.200q, want %q", name, text(problems), c.want)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
}

func TestScalarsOfYAML(t *testing.T) {
	cfg := mustParse(t, `connectors:
  a:
    actionTypeId: .jira
    name: !!str 12
    config:
      apiUrl: |-
        https://j.example
      projectKey: 'it''s'
    secrets: {email: "a\u00e9", apiToken: "${JIRA_TOKEN}"}
delivery:
  a: {deployment: {hex: 0x10, big: 1_000, pi: 3.5, on: true, none: null, date: 2020-01-02, list: [1, "1"]}}
`)
	d := cfg.Connectors[0]
	if d.Name != "12" || d.Config["apiUrl"] != "https://j.example" || d.Config["projectKey"] != "it's" || d.Secrets["email"].Reveal() != "aé" {
		t.Errorf("definition %+v, e-mail %q", d, d.Secrets["email"].Reveal())
	}
	got := fmt.Sprint(d.Delivery["deployment"])
	if want := "map[big:1000 date:2020-01-02 hex:16 list:[1 1] none:<nil> on:true pi:3.5]"; got != want {
		t.Errorf("values %s, want %s", got, want)
	}
}

func TestByteOrderMarkAndWindowsLines(t *testing.T) {
	if cfg := mustParse(t, "\ufeffworker:\r\n  lease: 40s\r\n"); cfg.Worker.Lease != 40*time.Second {
		t.Errorf("lease %s, want 40s", cfg.Worker.Lease)
	}
}
