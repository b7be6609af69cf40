package resilient_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes/fakeresilient"
)

// pair is two incidents of one case; the second is to be kept.
type pair struct {
	fake        *fakeresilient.Fake
	con         connector.Deduplicator
	spare, keep connector.Ref
}

func newPair(t *testing.T, delivery map[string]any) *pair {
	t.Helper()
	p := &pair{fake: fakeresilient.New(fakeresilient.Options{})}
	con := open(t, through(p.fake), delivery)
	var ok bool
	if p.con, ok = con.(connector.Deduplicator); !ok {
		t.Fatalf("%T is no Deduplicator", con)
	}
	in := fields("name", "Beacon", "description", "One.\nTwo.")
	p.spare, p.keep = create(t, con, in), create(t, con, in)
	return p
}

func (p *pair) incident(t *testing.T, ref connector.Ref) fakeresilient.Incident {
	t.Helper()
	i, ok := p.fake.Incident(ref.ID)
	if !ok {
		t.Fatalf("no incident %q", ref.ID)
	}
	return i
}

// marked reports whether the incident still carries a mark.
func (p *pair) marked(t *testing.T, ref connector.Ref) bool {
	t.Helper()
	i := p.incident(t, ref)
	return i.Properties["kibana_case_id"] != nil || strings.Contains(i.Text("description").Content, "kibana-case-")
}

func TestRetireDuplicate(t *testing.T) {
	t.Parallel()
	for name, delivery := range map[string]map[string]any{
		"a line":               {"duplicate_resolution": 54},
		"a line of plain text": {"duplicate_resolution": 54, "description_format": "text"},
		"a property":           {"duplicate_resolution": 54, "correlation_property": "kibana_case_id"},
		"left open":            nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, delivery)
			if err := p.con.RetireDuplicate(t.Context(), someCase, p.keep, p.spare); err != nil {
				t.Fatal(err)
			}
			spare, keep := p.incident(t, p.spare), p.incident(t, p.keep)
			if len(spare.Comments) != 1 || !strings.HasPrefix(spare.Comments[0].Text.Content, fmt.Sprintf("This incident is a duplicate of incident %s: %s\n", p.keep.ID, p.keep.URL)) {
				t.Errorf("comments: %+v", spare.Comments)
			}
			if spare.Closed() != (delivery["duplicate_resolution"] != nil) || p.marked(t, p.spare) {
				t.Errorf("the duplicate: closed %t, marked %t", spare.Closed(), p.marked(t, p.spare))
			}
			if got := spare.Text("resolution_summary").Content; spare.Closed() && got != "Duplicate of incident "+p.keep.ID {
				t.Errorf("summary %q", got)
			}
			if got, err := p.con.ReadIncident(t.Context(), p.spare, []string{"description"}); err != nil || got.Text("description") != "One.\nTwo." {
				t.Errorf("description %q, %v", got.Text("description"), err)
			}
			if keep.Closed() || len(keep.Comments) != 0 || !p.marked(t, p.keep) {
				t.Errorf("the kept one: %+v", keep)
			}
			p.fake.Journal().Clear()
			if err := p.con.RetireDuplicate(t.Context(), someCase, p.keep, p.spare); err != nil || len(p.fake.Journal().Writes()) != 0 {
				t.Errorf("repeated: %v, %d writes", err, len(p.fake.Journal().Writes()))
			}
		})
	}
}

// A resolution that the organization does not have leaves the mark: the
// duplicate is found again when the setting is right, and told of once.
func TestRetireRefused(t *testing.T) {
	t.Parallel()
	p := newPair(t, map[string]any{"duplicate_resolution": 7})
	for range 2 {
		e := connector.AsError("no", p.con.RetireDuplicate(t.Context(), someCase, p.keep, p.spare))
		if e == nil || e.Kind != connector.Rejected || text(e) != "close duplicate: rejected (HTTP 400): Invalid value for the field resolution_id." {
			t.Errorf("error %v", e)
		}
		if spare := p.incident(t, p.spare); spare.Closed() || len(spare.Comments) != 1 || !p.marked(t, p.spare) {
			t.Errorf("the duplicate: %+v", spare)
		}
	}
}

// What somebody else changes meanwhile is a conflict; the next call goes on.
func TestRetireConflict(t *testing.T) {
	t.Parallel()
	p := newPair(t, map[string]any{"duplicate_resolution": 54})
	for _, left := range []string{"close duplicate: conflict", "take the mark off the duplicate: conflict", ""} {
		if left == "" {
			p.fake.Conflict(0)
		} else if p.fake.Conflict(1); strings.HasPrefix(left, "take") {
			p.fake.Conflict(0)
			closeByHand(t, p)
			p.fake.Conflict(1)
		}
		e := connector.AsError("no", p.con.RetireDuplicate(t.Context(), someCase, p.keep, p.spare))
		if !strings.HasPrefix(text(e), left) || (e == nil) != (left == "") {
			t.Errorf("error %q, want %q", text(e), left)
		}
	}
	if p.marked(t, p.spare) || len(p.incident(t, p.spare).Comments) != 1 {
		t.Errorf("the duplicate: %+v", p.incident(t, p.spare))
	}
}

// closeByHand closes the duplicate as a person does.
func closeByHand(t *testing.T, p *pair) {
	t.Helper()
	in := fields("additionalFields", `{"resolution_id":53,"resolution_summary":"by hand","plan_status":"C"}`)
	if err := p.con.UpdateIncident(t.Context(), someCase, p.spare, in); err != nil {
		t.Fatal(err)
	}
}
