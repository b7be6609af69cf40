package webhook

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/secret"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readmeRows are the rows of the tables below a heading: the names in
// backquotes of the first column, each with the row's other cells.
func readmeRows(t *testing.T, heading string) map[string][]string {
	t.Helper()
	_, section, found := strings.Cut(readme(t), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("README.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	rows := map[string][]string{}
	for line := range strings.Lines(section) {
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

func TestReadmeDefaults(t *testing.T) {
	t.Parallel()
	s, _ := parse(valid(nil, nil, nil))
	if s.maxInFlight != 0 {
		t.Errorf("max_in_flight: %d, want 0, which is 16 (connector.Capabilities)", s.maxInFlight)
	}
	want := map[string]string{
		"idempotency_key": fmt.Sprintf("`%t`", s.idempotencyKey), "settle_time": fmt.Sprintf("`%s`", s.settleTime), "max_in_flight": "16",
	}
	got := map[string]string{}
	for key, cells := range readmeRows(t, "Delivery") {
		got[key] = cells[0]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-code +README.md):\n%s", diff)
	}
	methods := map[string]string{
		"createIncidentMethod": s.create.method, "getIncidentMethod": s.get.method, "updateIncidentMethod": s.update.method, "createCommentMethod": s.comment.method,
	}
	for key, method := range methods {
		if cell := readmeRows(t, "Configuration")["config."+key][0]; !strings.Contains(cell, "default `"+strings.ToLower(method)+"`") {
			t.Errorf("%s: %q does not say that the default is %s", key, cell, method)
		}
	}
}

// The example is a definition without anything to say about.
func TestReadmeExample(t *testing.T) {
	t.Parallel()
	m := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(readme(t))
	if m == nil {
		t.Fatal("README.md has no example")
	}
	var example struct {
		ActionTypeID, Name string
		Config             map[string]any
		Secrets            map[string]string
	}
	if err := json.Unmarshal([]byte(m[1]), &example); err != nil {
		t.Fatal(err)
	}
	def := connector.Definition{ID: "w", Type: example.ActionTypeID, Name: example.Name, Config: example.Config, Secrets: map[string]secret.String{}}
	for k, v := range example.Secrets {
		def.Secrets[k] = secret.New(v)
	}
	if problems := check(def); len(problems) != 0 || def.Type != TypeID {
		t.Errorf("type %q, problems %v", def.Type, problems)
	}
}

// The keys are what README.md says, for ever: targets remember them.
func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	id := connector.CorrelationID{ConnectorID: "soc-webhook", SpaceID: "default", CaseID: "7349772f-421a-4de3-b8bb-2d9b22ccee30"}
	after := id
	after.After = "1001"
	comment := connector.Comment{ID: "k-1", Source: "aGVsbG8", Text: "x", Digest: "d", Target: "comments"}
	for got, want := range map[string]string{ // printf 'create\0soc-webhook\0default\0…\0' | sha256sum
		createKey(id):    "4b9ab8e193e50d9408b387b5af914e20abeb33b871fcb4915d6d5a165c2eb6a9",
		createKey(after): "cab43bf559db894b4081259c21465fd857fadb0a54968529ae4182dc886cd554",
		commentKey(connector.Ref{ID: "1001", Title: "INC-1001", URL: "https://h"}, comment): "49a051b57d61a7416b9d24aea41a575b72b847c6ebe40bb8b587eb196df39572",
	} {
		if got != want {
			t.Errorf("key %s, want %s", got, want)
		}
	}
}
