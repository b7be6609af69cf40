package resilient

import (
	"encoding/json"
	"fmt"
	"maps"
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

// readmeSection is what stands below a heading.
func readmeSection(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("README.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

// readmeRows are the rows of the tables below a heading: the names in
// backquotes of the first column, each with the row's other cells.
func readmeRows(t *testing.T, heading string) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	for line := range strings.Lines(readmeSection(t, heading)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		for _, name := range regexp.MustCompile("`[^`]+`").FindAllString(cells[0], -1) {
			rows[strings.Trim(name, "`")] = cells[1:]
		}
	}
	return rows
}

func TestReadmeKeys(t *testing.T) {
	t.Parallel()
	sorted := func(prefix string, keys []string) []string {
		var out []string
		for _, k := range keys {
			out = append(out, prefix+k)
		}
		slices.Sort(out)
		return out
	}
	want := slices.Concat(sorted("config.", configKeys), sorted("secrets.", secretKeys))
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(readmeRows(t, "Configuration")))); diff != "" {
		t.Errorf("configuration (-code +README.md):\n%s", diff)
	}
	if diff := cmp.Diff(sorted("", deliveryKeys), slices.Sorted(maps.Keys(readmeRows(t, "Delivery")))); diff != "" {
		t.Errorf("delivery (-code +README.md):\n%s", diff)
	}
}

// asWritten is a duration as people write it: 2m, where Go says 2m0s.
func asWritten(d time.Duration) string {
	if d >= time.Minute && d%time.Minute == 0 {
		return strings.TrimSuffix(d.String(), "0s")
	}
	return d.String()
}

func TestReadmeDefaults(t *testing.T) {
	t.Parallel()
	s, _ := parse(valid(nil, nil, nil))
	if s.maxInFlight != 0 {
		t.Errorf("max_in_flight: %d, want 0, which is 16 (connector.Capabilities)", s.maxInFlight)
	}
	if s.correlationProperty != "" || s.duplicateResolution != 0 || s.maxName != 0 || s.maxText != 0 {
		t.Errorf("%+v: want none of correlation_property, duplicate_resolution, max_name, max_text", s)
	}
	want := map[string]string{
		"correlation_property": "none",
		"description_format":   fmt.Sprintf("`%s`", s.descriptionFormat),
		"duplicate_resolution": "none",
		"find_delay":           fmt.Sprintf("`%s`", asWritten(s.findDelay)),
		"settle_time":          fmt.Sprintf("`%s`", asWritten(s.settleTime)),
		"max_in_flight":        "16",
		"max_name":             "none",
		"max_text":             "none",
	}
	got := map[string]string{}
	for key, cells := range readmeRows(t, "Delivery") {
		got[key] = cells[0]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-code +README.md):\n%s", diff)
	}
}

// The example is a definition without a problem.
func TestReadmeExample(t *testing.T) {
	t.Parallel()
	_, text, _ := strings.Cut(readmeSection(t, "Example"), "```json\n")
	text, _, _ = strings.Cut(text, "```")
	var example struct {
		ActionTypeID string            `json:"actionTypeId"`
		Name         string            `json:"name"`
		Config       map[string]any    `json:"config"`
		Secrets      map[string]string `json:"secrets"`
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&example); err != nil {
		t.Fatal(err)
	}
	def := connector.Definition{Name: example.Name, Type: example.ActionTypeID, Config: example.Config, Secrets: map[string]secret.String{}}
	for k, v := range example.Secrets {
		def.Secrets[k] = secret.New(v)
	}
	if problems := check(def); problems != nil || def.Type != TypeID {
		t.Errorf("type %q, problems %v", def.Type, problems)
	}
}

// The forbidden keys are those that the README names.
func TestReadmeForbiddenKeys(t *testing.T) {
	t.Parallel()
	text := readmeSection(t, "What is sent")
	_, list, found := strings.Cut(text, "none of them ")
	list, _, _ = strings.Cut(list, ")")
	var got []string
	for _, name := range regexp.MustCompile("`[^`]+`").FindAllString(list, -1) {
		got = append(got, strings.Trim(name, "`"))
	}
	if diff := cmp.Diff(freeFields.Forbidden, got); !found || diff != "" {
		t.Errorf("(-code +README.md):\n%s", diff)
	}
}
