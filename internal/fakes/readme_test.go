package fakes

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// Every example in the README is a set of rules that is accepted, and its table
// has every key of a rule.
func TestReadme(t *testing.T) {
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	examples := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(text, -1)
	if len(examples) < 3 {
		t.Fatalf("%d examples", len(examples))
	}
	for _, m := range examples {
		rules, err := DecodeRules([]byte(m[1]))
		if err == nil {
			_, err = NewFaults(0).Add(rules...)
		}
		if err != nil {
			t.Errorf("%s: %v", m[1], err)
		}
	}
	for i := range reflect.TypeFor[Rule]().NumField() {
		key, _, _ := strings.Cut(reflect.TypeFor[Rule]().Field(i).Tag.Get("json"), ",")
		if key != "id" && !regexp.MustCompile("(?m)^\\|.*`"+key+"`.*\\|.*\\|$").MatchString(text) {
			t.Errorf("the key %q is not in the table", key)
		}
	}
}

func TestDecodeFaults(t *testing.T) {
	faults, err := DecodeFaults([]byte(`{"jira-dc":[{"reset":true}],"kibana":[]}`))
	if err != nil || len(faults["jira-dc"]) != 1 || !faults["jira-dc"][0].Reset {
		t.Errorf("faults %v, %v", faults, err)
	}
	for _, wrong := range []string{``, `[]`, `{"kibana":{}}`, `{"kibana":[{"restet":true}]}`, `{} {}`} {
		if _, err := DecodeFaults([]byte(wrong)); err == nil {
			t.Errorf("%s: accepted", wrong)
		}
	}
}
