package adaptertest

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/secret"
)

// Readme is an adapter's README.md.
type Readme string

// ReadReadme reads that of the package under test.
func ReadReadme(t *testing.T) Readme {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return Readme(text)
}

// Section is what stands below a heading of the second level.
func (r Readme) Section(t *testing.T, heading string) string {
	t.Helper()
	_, section, found := strings.Cut(string(r), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("README.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

// Rows are the rows of the tables below a heading: the names in backquotes of
// the first column, each with the row's other cells.
func (r Readme) Rows(t *testing.T, heading string) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	for line := range strings.Lines(r.Section(t, heading)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		for _, name := range Backquoted(cells[0]) {
			rows[name] = cells[1:]
		}
	}
	return rows
}

// Backquoted are the names in backquotes.
func Backquoted(text string) []string {
	var names []string
	for _, name := range regexp.MustCompile("`[^`]+`").FindAllString(text, -1) {
		names = append(names, strings.Trim(name, "`"))
	}
	return names
}

// Keys are those that an adapter knows.
type Keys struct{ Config, Secrets, Delivery []string }

// CheckKeys holds the tables of configuration and delivery against the keys.
func (r Readme) CheckKeys(t *testing.T, k Keys) {
	t.Helper()
	want := slices.Concat(sorted("config.", k.Config), sorted("secrets.", k.Secrets))
	if diff := cmp.Diff(want, keysOf(r.Rows(t, "Configuration"))); diff != "" {
		t.Errorf("configuration (-code +README.md):\n%s", diff)
	}
	if diff := cmp.Diff(sorted("", k.Delivery), keysOf(r.Rows(t, "Delivery"))); diff != "" {
		t.Errorf("delivery (-code +README.md):\n%s", diff)
	}
}

func sorted(prefix string, keys []string) []string {
	var out []string
	for _, k := range keys {
		out = append(out, prefix+k)
	}
	slices.Sort(out)
	return out
}

func keysOf(rows map[string][]string) []string {
	var keys []string
	for key := range rows {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// CheckDefaults holds the defaults in the table of delivery, its second column,
// against those of the code.
func (r Readme) CheckDefaults(t *testing.T, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for key, cells := range r.Rows(t, "Delivery") {
		got[key] = cells[0]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-code +README.md):\n%s", diff)
	}
}

// Written is a duration as people write it, in backquotes: 2m, where Go says
// 2m0s.
func Written(d time.Duration) string {
	text := d.String()
	if d >= time.Minute && d%time.Minute == 0 {
		text = strings.TrimSuffix(text, "0s")
	}
	return "`" + text + "`"
}

// example is a definition as a README shows it, which is how Kibana's own file
// has it.
type example struct {
	ActionTypeID string            `json:"actionTypeId"`
	Name         string            `json:"name"`
	Config       map[string]any    `json:"config"`
	Secrets      map[string]string `json:"secrets"`
}

func (e example) definition() connector.Definition {
	def := connector.Definition{Name: e.Name, Type: e.ActionTypeID, Config: e.Config, Secrets: map[string]secret.String{}}
	for k, v := range e.Secrets {
		def.Secrets[k] = secret.New(v)
	}
	return def
}

// Example is the definition that the section Example shows.
func (r Readme) Example(t *testing.T) connector.Definition {
	t.Helper()
	var e example
	r.decodeExample(t, &e)
	return e.definition()
}

// Examples are the definitions that the section Example shows, by id.
func (r Readme) Examples(t *testing.T) map[string]connector.Definition {
	t.Helper()
	var all map[string]example
	r.decodeExample(t, &all)
	defs := map[string]connector.Definition{}
	for id, e := range all {
		defs[id] = e.definition()
	}
	return defs
}

func (r Readme) decodeExample(t *testing.T, v any) {
	t.Helper()
	_, text, found := strings.Cut(r.Section(t, "Example"), "```json\n")
	if !found {
		t.Fatal("README.md has no example")
	}
	text, _, _ = strings.Cut(text, "```")
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		t.Fatal(err)
	}
}
