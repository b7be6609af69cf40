package servicenow

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

// backquoted are the names in backquotes.
func backquoted(text string) []string {
	var names []string
	for _, name := range regexp.MustCompile("`[^`]+`").FindAllString(text, -1) {
		names = append(names, strings.Trim(name, "`"))
	}
	return names
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
		for _, name := range backquoted(cells[0]) {
			rows[name] = cells[1:]
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
	s, _ := parse(itsm(), valid(nil, nil, nil))
	if s.maxInFlight != 0 {
		t.Errorf("max_in_flight: %d, want 0, which is 16 (connector.Capabilities)", s.maxInFlight)
	}
	if s.duplicate != (closing{}) || !s.tableAPI || s.oauth != nil {
		t.Errorf("%+v: want no closing, the Table API and basic authentication", s)
	}
	want := map[string]string{
		"duplicate_state": "none", "duplicate_close_code": "none", "duplicate_close_notes": "none",
		"find_delay":            fmt.Sprintf("`%s`", asWritten(s.findDelay)),
		"settle_time":           fmt.Sprintf("`%s`", asWritten(s.settleTime)),
		"max_in_flight":         "16",
		"max_short_description": fmt.Sprint(s.maxShortDescription),
		"max_description":       fmt.Sprint(s.maxDescription),
		"max_comment":           fmt.Sprint(s.maxComment),
	}
	got := map[string]string{}
	for key, cells := range readmeRows(t, "Delivery") {
		got[key] = cells[0]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-code +README.md):\n%s", diff)
	}
}

// The examples are definitions without a problem.
func TestReadmeExample(t *testing.T) {
	t.Parallel()
	_, text, _ := strings.Cut(readmeSection(t, "Example"), "```json\n")
	text, _, _ = strings.Cut(text, "```")
	type example struct {
		ActionTypeID string            `json:"actionTypeId"`
		Name         string            `json:"name"`
		Config       map[string]any    `json:"config"`
		Secrets      map[string]string `json:"secrets"`
	}
	var examples map[string]example
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&examples); err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{"${SERVICENOW_KEY}": readFile(t, "pkcs8-encrypted.pem"), "${SERVICENOW_KEY_PASSWORD}": "canary-passphrase"}
	for _, typ := range []connector.Type{ITSM(), SecOps()} {
		e := examples[map[string]string{ITSMTypeID: "itsm", SecOpsTypeID: "secops"}[typ.ID]]
		def := connector.Definition{Name: e.Name, Type: e.ActionTypeID, Config: e.Config, Secrets: map[string]secret.String{}}
		for k, v := range e.Secrets {
			if real, ok := secrets[v]; ok {
				v = real
			}
			def.Secrets[k] = secret.New(v)
		}
		if problems := typ.Check(def); problems != nil || def.Type != typ.ID {
			t.Errorf("type %q: %q, problems %v", typ.ID, def.Type, problems)
		}
	}
}

// The forbidden keys, and the order of a create's columns, are those that the
// README names.
func TestReadmeNames(t *testing.T) {
	t.Parallel()
	section := readmeSection(t, "What is sent")
	_, list, found := strings.Cut(section, "none of them ")
	list, _, _ = strings.Cut(list, ".")
	if diff := cmp.Diff(freeFields.Forbidden, backquoted(list)); !found || diff != "" {
		t.Errorf("additional fields (-code +README.md):\n%s", diff)
	}
	_, list, found = strings.Cut(section, "{staging table}`: ")
	list, _, _ = strings.Cut(list, ", targets of the mapping")
	if diff := cmp.Diff(append(itsm().order(), secOps().own...), backquoted(list)); !found || diff != "" {
		t.Errorf("columns (-code +README.md):\n%s", diff)
	}
}
