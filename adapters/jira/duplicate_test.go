package jira_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/httpclient"
)

// pair is two issues of one case, HMS-1 and HMS-2; HMS-2 is to be kept.
type pair struct {
	fake        *fakejira.Fake
	con         connector.Deduplicator
	id          connector.CorrelationID
	spare, keep connector.Ref
}

func newPair(t *testing.T, opts fakejira.Options, delivery map[string]any) *pair {
	t.Helper()
	spec := map[fakejira.Flavour]*specification{fakejira.Cloud: cloudSpec, fakejira.DataCenter: dataCenterSpec}[opts.Flavour]
	settings := map[string]any{"deployment": map[fakejira.Flavour]string{fakejira.Cloud: "cloud", fakejira.DataCenter: "data_center"}[opts.Flavour]}
	for k, v := range delivery {
		settings[k] = v
	}
	p := &pair{fake: fakejira.New(opts), id: connector.CorrelationID{ConnectorID: "soc-jira", SpaceID: "default", CaseID: "c-81"}}
	con := open(t, validate(t, spec.router(t), "", fakes.Transport{Handler: p.fake}), httpclient.Settings{}, settings)
	var ok bool
	if p.con, ok = con.(connector.Deduplicator); !ok {
		t.Fatalf("%T is no Deduplicator", con)
	}
	for _, ref := range []*connector.Ref{&p.spare, &p.keep} {
		made, err := con.CreateIncident(t.Context(), p.id, sample(fakejira.Cloud))
		if err != nil {
			t.Fatal(err)
		}
		*ref = made
	}
	return p
}

// issue is the issue as it stands.
func (p *pair) issue(t *testing.T, ref connector.Ref) fakejira.Issue {
	t.Helper()
	i, ok := p.fake.Issue(ref.ID)
	if !ok {
		t.Fatalf("no issue %q", ref.ID)
	}
	return i
}

// marked reports whether the issue is still found as one of the case.
func (p *pair) marked(t *testing.T, ref connector.Ref) bool {
	t.Helper()
	return slices.ContainsFunc(p.issue(t, ref).Labels(), func(l string) bool { return strings.HasPrefix(l, "kibana-case-") })
}

func eachJira(t *testing.T, run func(*testing.T, fakejira.Flavour)) {
	t.Helper()
	for _, flavour := range []fakejira.Flavour{fakejira.Cloud, fakejira.DataCenter} {
		t.Run(flavour.String(), func(t *testing.T) {
			t.Parallel()
			run(t, flavour)
		})
	}
}

func TestRetireDuplicate(t *testing.T) {
	t.Parallel()
	eachJira(t, func(t *testing.T, flavour fakejira.Flavour) {
		p := newPair(t, fakejira.Options{Flavour: flavour}, map[string]any{"duplicate_transition": "done", "internal_comments": true})
		others, err := p.con.OtherIncidents(t.Context(), p.id, p.keep)
		if err != nil || len(others) != 1 || others[0] != p.spare {
			t.Fatalf("other incidents: %+v, %v", others, err)
		}
		if err := p.con.RetireDuplicate(t.Context(), p.id, p.keep, others[0]); err != nil {
			t.Fatal(err)
		}
		spare := p.issue(t, p.spare)
		if spare.Status != "Done" || len(spare.Comments) != 1 || fmt.Sprint(spare.Labels()) != "[lateral-movement]" {
			t.Errorf("the duplicate: status %q, comments %+v, labels %v", spare.Status, spare.Comments, spare.Labels())
		}
		// HMS-1 duplicates HMS-2.
		if len(spare.Links) != 1 || spare.Links[0].Type != "Duplicate" || spare.Links[0].Inward != "HMS-1" || spare.Links[0].Outward != "HMS-2" {
			t.Errorf("links: %+v", spare.Links)
		}
		const want = "This issue is a duplicate of HMS-2: http://jira.hms.example/browse/HMS-2\n"
		if c := spare.Comments[0]; !strings.HasPrefix(c.Body, want) || len(c.Properties) != 2 {
			t.Errorf("comment: %+v", c)
		}
		if kept := p.issue(t, p.keep); kept.Status != "To Do" || len(kept.Comments) != 0 || !p.marked(t, p.keep) {
			t.Errorf("the kept one: %+v", kept)
		}
		p.fake.Journal().Clear()
		if err := p.con.RetireDuplicate(t.Context(), p.id, p.keep, p.spare); err != nil || len(p.fake.Journal().Writes()) != 0 {
			t.Errorf("repeated: %v, %d writes", err, len(p.fake.Journal().Writes()))
		}
	})
}

// TestRetireWithoutLink: the type, the right or linking itself may not be
// there, and an old Jira says 401 of it. The comment tells it all the same.
func TestRetireWithoutLink(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		opts   fakejira.Options
		denied map[string]bool
		faults []fakes.Rule
	}{
		"no type":  {opts: fakejira.Options{NoLinkTypes: []string{"Duplicate"}}},
		"no right": {denied: map[string]bool{"LINK_ISSUES": false}},
		"401":      {faults: []fakes.Rule{{Method: http.MethodPost, Path: "/rest/api/2/issueLink", Status: http.StatusUnauthorized}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, tc.opts, nil)
			if err := p.fake.Permit(tc.denied); err != nil {
				t.Fatal(err)
			}
			if _, err := p.fake.Faults().Add(tc.faults...); err != nil {
				t.Fatal(err)
			}
			if err := p.con.RetireDuplicate(t.Context(), p.id, p.keep, p.spare); err != nil {
				t.Fatal(err)
			}
			if spare := p.issue(t, p.spare); len(spare.Links) != 0 || len(spare.Comments) != 1 || p.marked(t, p.spare) || spare.Status != "To Do" {
				t.Errorf("the duplicate: %+v", spare)
			}
		})
	}
}

// A transition that cannot be made leaves the label: the duplicate is found
// again when the setting is right.
func TestRetireTransition(t *testing.T) {
	t.Parallel()
	eachJira(t, func(t *testing.T, flavour fakejira.Flavour) {
		for _, tt := range []struct{ name, want string }{
			{"Resolve", `close duplicate: rejected: issue "HMS-1", status "To Do": delivery.duplicate_transition "Resolve": is not offered; there are ["In Progress" "Done"]`},
			{"In Progress", `close duplicate: rejected: issue "HMS-1", status "To Do": delivery.duplicate_transition "In Progress": leads to "In Progress", whose category is not Done`},
		} {
			p := newPair(t, fakejira.Options{Flavour: flavour}, map[string]any{"duplicate_transition": tt.name})
			e := connector.AsError("no", p.con.RetireDuplicate(t.Context(), p.id, p.keep, p.spare))
			if text(e) != tt.want || !p.marked(t, p.spare) {
				t.Errorf("error %q, want %q; marked: %t", text(e), tt.want, p.marked(t, p.spare))
			}
			if e := connector.AsError("no", p.con.RetireDuplicate(t.Context(), p.id, p.keep, p.spare)); text(e) != tt.want || len(p.issue(t, p.spare).Comments) != 1 {
				t.Errorf("repeated: %q, %d comments", text(e), len(p.issue(t, p.spare).Comments))
			}
		}
	})
}

// A person has closed the duplicate already: nothing moves it, and it does not
// matter what it could be moved by.
func TestRetireWhatIsClosed(t *testing.T) {
	t.Parallel()
	eachJira(t, func(t *testing.T, flavour fakejira.Flavour) {
		p := newPair(t, fakejira.Options{Flavour: flavour}, map[string]any{"duplicate_transition": "Resolve"})
		move, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			"http://jira.hms.example/rest/api/2/issue/HMS-1/transitions", strings.NewReader(`{"transition":{"id":"31"}}`))
		if err != nil {
			t.Fatal(err)
		}
		move.Header.Set("Content-Type", "application/json")
		resp, err := fakes.Transport{Handler: p.fake}.RoundTrip(move)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if err := p.con.RetireDuplicate(t.Context(), p.id, p.keep, p.spare); err != nil {
			t.Fatal(err)
		}
		if spare := p.issue(t, p.spare); spare.Status != "Done" || p.marked(t, p.spare) {
			t.Errorf("the duplicate: %+v", spare)
		}
	})
}

// A person may have named the kept issue by its key: it is never its own
// duplicate.
func TestKeptByKey(t *testing.T) {
	t.Parallel()
	p := newPair(t, fakejira.Options{}, nil)
	for _, keep := range []connector.Ref{{ID: "HMS-2"}, {ID: "hms-2", Title: "HMS-2"}, {ID: p.keep.ID}} {
		others, err := p.con.OtherIncidents(t.Context(), p.id, keep)
		if err != nil || len(others) != 1 || others[0] != p.spare {
			t.Errorf("beside %+v: %+v, %v", keep, others, err)
		}
		e := connector.AsError("no", p.con.RetireDuplicate(t.Context(), p.id, keep, p.keep))
		if e == nil || e.Kind != connector.Rejected || e.Effect != connector.NotApplied || !p.marked(t, p.keep) {
			t.Errorf("retire the kept one, %+v: %v", keep, e)
		}
	}
}
