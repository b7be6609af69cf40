package demo

import (
	"os"
	"strings"
	"testing"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/telemetry"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	d, err := Start(t.Context(), Options{Types: adapters.Types(), Log: telemetry.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		for _, w := range r.Wrong {
			t.Errorf("%s: %s", r.Sample, w)
		}
	}
	if len(rows) < 12 || len(rows) != Samples() {
		t.Errorf("%d rows of %d samples", len(rows), Samples())
	}
	if err := d.Stray(rows); err != nil {
		t.Error(err)
	}
	noticesWhatDiffers(t, d)
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(d.dir); !os.IsNotExist(err) {
		t.Errorf("directory %s: %v", d.dir, err)
	}
}

// noticesWhatDiffers spoils one sample after the other.
func noticesWhatDiffers(t *testing.T, d *Demo) {
	t.Helper()
	byName := func(rows []Row, name string) Row {
		for _, r := range rows {
			if r.Sample == name {
				return r
			}
		}
		t.Fatalf("no sample %q", name)
		return Row{}
	}
	before := d.rows()
	issue := func(connectorID, project, summary, label string) {
		if err := post(t.Context(), d.fakes.URL(d.tracker(connectorID).name)+"/rest/api/2/issue", map[string]any{"fields": map[string]any{
			"project": map[string]string{"key": project}, "issuetype": map[string]string{"id": "10001"}, "summary": summary, "labels": []string{label},
		}}, &struct{}{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, spoil := range []struct {
		name, want string
		do         func(Row)
	}{
		{"create", "0 incidents", func(r Row) { d.tracker(soc).jira.Delete(r.Incident) }},
		{"update", "2 incidents", func(r Row) { issue(it, "IT", "twice", "kibana-case-"+r.CaseID+"-0") }},
		{"no connector", "1 incidents, expected none", func(r Row) { issue(it, "IT", "for no reason", "kibana-case-"+r.CaseID+"-0") }},
		{"close-by-pushing", `the case is "open"`, func(r Row) {
			if _, err := d.kibana.Reopen(r.CaseID); err != nil {
				t.Fatal(err)
			}
		}},
		{"new comment", "2 comments, expected 1", func(r Row) {
			if err := post(t.Context(), strings.Replace(r.IncidentURL, "/browse/", "/rest/api/2/issue/", 1)+"/comment", map[string]string{"body": "again"}, &struct{}{}); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		spoil.do(byName(before, spoil.name))
		if wrong := strings.Join(byName(d.rows(), spoil.name).Wrong, "; "); !strings.Contains(wrong, spoil.want) {
			t.Errorf("%s: %q, expected %q", spoil.name, wrong, spoil.want)
		}
	}
	issue(ops, "OPS", "a stranger", "other")
	if err := d.Stray(d.rows()); err == nil {
		t.Error("an incident that belongs to no sample was not noticed")
	}
}

func TestDifficultTitle(t *testing.T) {
	t.Parallel()
	title := difficultTitle()
	if n := len([]rune(title)); n != 300 {
		t.Errorf("%d characters", n)
	}
	for _, part := range []string{`"`, `'`, "{{x}}", "🔥"} {
		if !strings.Contains(title, part) {
			t.Errorf("no %s in %s", part, title)
		}
	}
}
