package swimlane

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
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
	rows := readmeRows(t, "Configuration")
	want := slices.Concat(sorted("config.", configKeys), sorted("secrets.", secretKeys))
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(rows))); diff != "" {
		t.Errorf("configuration (-code +README.md):\n%s", diff)
	}
	if diff := cmp.Diff(sorted("", deliveryKeys), slices.Sorted(maps.Keys(readmeRows(t, "Delivery")))); diff != "" {
		t.Errorf("delivery (-code +README.md):\n%s", diff)
	}
	for _, k := range mappingKeys() {
		if !strings.Contains(rows["config.mappings"][0], "`"+k.key+"`") {
			t.Errorf("README.md does not name mappings.%s", k.key)
		}
	}
}

func TestReadmeDefaults(t *testing.T) {
	t.Parallel()
	s, _ := parse(valid(nil, nil))
	if s.maxInFlight != 0 || s.maxTitle != 0 || s.maxText != 0 {
		t.Errorf("%+v: want max_in_flight 0, which is 16 (connector.Capabilities), and no max_title and max_text", s)
	}
	if s.api != "https://swimlane.hms.example/api" || s.browseURL != "https://swimlane.hms.example" {
		t.Errorf("API %q, links %q", s.api, s.browseURL)
	}
	inWords := func(d time.Duration) string { return fmt.Sprintf("`%s`", d) }
	want := map[string]string{
		"api_prefix": "`/api`", "browse_url": "`config.apiUrl`", "find_delay": inWords(s.findDelay), "settle_time": inWords(s.settleTime),
		"max_in_flight": "16", "max_title": "none", "max_text": "none",
	}
	got := map[string]string{}
	for key, cells := range readmeRows(t, "Delivery") {
		got[key] = cells[0]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-code +README.md):\n%s", diff)
	}
	if total := s.findDelay + s.settleTime; !strings.Contains(readmeSection(t, "When an answer is lost"), fmt.Sprintf("(%d s by default)", int(total.Seconds()))) {
		t.Errorf("a lost answer is looked up after %v: README.md says something else", total)
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

// Each code that README.md says something of becomes what it says.
func TestReadmeCodes(t *testing.T) {
	t.Parallel()
	type verdict struct {
		kind   connector.Kind
		effect connector.Effect
	}
	want := map[string]verdict{ // by the first code of a row
		"3002": {connector.NotFound, connector.NotApplied},
		"5009": {connector.Transient, connector.NotApplied},
		"5004": {connector.Transient, connector.EffectUnknown},
		"1000": {connector.Unauthenticated, connector.NotApplied},
	}
	for _, row := range regexp.MustCompile(`(?m)^\| 400 with [^|]*`).FindAllString(readmeSection(t, "Refusals"), -1) {
		codes := regexp.MustCompile(`\b\d{4}\b`).FindAllString(row, -1)
		if len(codes) == 0 {
			t.Fatalf("row %q names no code", row)
		}
		says, known := want[codes[0]]
		delete(want, codes[0])
		for _, word := range codes {
			code, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			e := judge(&connector.Error{Status: 400, Kind: connector.Rejected, Effect: connector.NotApplied, Err: wire.KibanaError("x")}, &refusal{code: code}, call{})
			if got := (verdict{e.Kind, e.Effect}); !known || got != says {
				t.Errorf("code %d: %s, effect %s; README.md says %s, %s", code, got.kind, got.effect, says.kind, says.effect)
			}
		}
	}
	if len(want) != 0 {
		t.Errorf("README.md has no rows for %v", slices.Sorted(maps.Keys(want)))
	}
}
