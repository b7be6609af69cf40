// Package docs_test keeps the documents true: what they show is parsed by the
// program's own code, and what they list is compared with it.
package docs_test

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// documents are all that users read, by path from here.
func documents(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(files, "../README.md")
}

func blocks(text, language string) []string {
	var out []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// Every YAML block is a configuration without a problem, warnings included.
func TestConfigurations(t *testing.T) {
	t.Parallel()
	environ := []string{"KIBANA_API_KEY=id:key", "JIRA_TOKEN=token"}
	found := 0
	for _, file := range documents(t) {
		for _, block := range blocks(read(t, file), "yaml") {
			found++
			if _, problems := config.Parse(file, []byte(block), config.Options{Types: adapters.Types(), Environ: environ}); len(problems) > 0 {
				t.Errorf("%v\n%s", problems, block)
			}
		}
	}
	if found < 3 {
		t.Errorf("%d blocks", found)
	}
}

// Every JSON block is an event that is taken, with a case that can be read.
func TestEvents(t *testing.T) {
	t.Parallel()
	found := 0
	for _, file := range documents(t) {
		for _, block := range blocks(read(t, file), "json") {
			found++
			checkEvent(t, file, event.Message{Body: []byte(block)})
		}
	}
	if found < 3 {
		t.Errorf("%d blocks", found)
	}
}

func checkEvent(t *testing.T, file string, m event.Message) {
	t.Helper()
	e, err := event.Decode(m)
	if err != nil {
		t.Errorf("%s: %v\n%s", file, err, m.Body)
		return
	}
	if e.Thin() {
		return
	}
	if _, err := kibana.DecodeCase(e.Case); err != nil {
		t.Errorf("%s: %v\n%s", file, err, m.Body)
	}
}

var natsPub = regexp.MustCompile(`(?m)^nats pub (\S+) '(.*)'$`)

// What is published with nats is an event on its subject.
func TestPublished(t *testing.T) {
	t.Parallel()
	found := 0
	for _, file := range documents(t) {
		for _, m := range natsPub.FindAllStringSubmatch(read(t, file), -1) {
			found++
			tokens := strings.Split(m[1], ".")
			if len(tokens) != 4 || tokens[0] != "casepush" || tokens[1] != "push" {
				t.Errorf("%s: subject %s", file, m[1])
				continue
			}
			checkEvent(t, file, event.Message{SpaceID: tokens[2], CaseID: tokens[3], Body: []byte(m[2])})
		}
	}
	if found == 0 {
		t.Error("no event is published")
	}
}

var reasonRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [^|]+ \\| [^|]+ \\|$")

// The table of reasons is the closed list, in its order.
func TestReasons(t *testing.T) {
	t.Parallel()
	_, section, ok := strings.Cut(read(t, "events.md"), "\n## Reasons\n")
	if !ok {
		t.Fatal("no section about reasons")
	}
	var listed []push.Reason
	for _, m := range reasonRow.FindAllStringSubmatch(section, -1) {
		listed = append(listed, push.Reason(m[1]))
	}
	if !slices.Equal(listed, push.Reasons()) {
		t.Errorf("documented %q\nin the program %q", listed, push.Reasons())
	}
}

// The tables of results and dead letters have all keys, and no others.
func TestFormats(t *testing.T) {
	t.Parallel()
	text := read(t, "events.md")
	for _, f := range []struct {
		section string
		of      reflect.Type
	}{
		{"Result", reflect.TypeFor[push.Result]()},
		{"Dead letter", reflect.TypeFor[push.DeadLetter]()},
	} {
		_, section, _ := strings.Cut(text, "\n## "+f.section+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		var have []string
		for i := range f.of.NumField() {
			key, _, _ := strings.Cut(f.of.Field(i).Tag.Get("json"), ",")
			have = append(have, key)
		}
		listed := keysOfTable(section)
		slices.Sort(have)
		slices.Sort(listed)
		if !slices.Equal(have, listed) {
			t.Errorf("%s: documented %q\nin the program %q", f.section, listed, have)
		}
	}
}

// keysOfTable are the texts in backticks of the first cells.
func keysOfTable(section string) []string {
	var keys []string
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 || strings.HasPrefix(line, "|---") {
			continue
		}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
			keys = append(keys, m[1])
		}
	}
	return keys
}

// The keys of an event that the document lists are those that Encode writes.
func TestEventKeys(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(read(t, "events.md"), "\n## Event\n")
	section, _, _ = strings.Cut(section, "\n## ")
	full := blocks(section, "json")[1]
	e, err := event.Decode(event.Message{Body: []byte(full)})
	if err != nil {
		t.Fatal(err)
	}
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(body, &keys); err != nil {
		t.Fatal(err)
	}
	listed := keysOfTable(section)
	for key := range keys {
		if !slices.Contains(listed, key) {
			t.Errorf("event key %q is not documented", key)
		}
	}
	if len(listed) != len(keys) {
		t.Errorf("documented %q, the full example has %d keys", listed, len(keys))
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// Links to files of the repository lead somewhere.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, file := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, file), -1) {
			u, err := url.Parse(m[1])
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			if u.Scheme != "" || u.Path == "" {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), u.Path)); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}
