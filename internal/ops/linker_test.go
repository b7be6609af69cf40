package ops_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/ops"
)

func anyURL(string) bool { return true }

// links reads a list.
func links(t *testing.T, text string) []ops.Link {
	t.Helper()
	list, err := ops.ReadLinks(strings.NewReader(text), anyURL)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// link adopts a list of one.
func (d desk) link(t *testing.T, o *ops.Ops, l ops.Link, opts ops.LinkOptions) (ops.LinkResult, error) {
	t.Helper()
	linker, err := o.NewLinker(t.Context(), []ops.Link{l}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return linker.Link(t.Context(), l)
}

func TestReadLinks(t *testing.T) {
	t.Parallel()
	got := links(t, "\ufeffCase_ID, connector_id,incident_id,title,url\nc-1,soc-jira,HMS-7,,\n\nc-2,soc-jira,10002,\"HMS-8\",https://hms.example/8\n")
	want := []ops.Link{
		{Line: 2, Key: key, Incident: connector.Ref{ID: "HMS-7", Title: "HMS-7"}},
		{Line: 4, Key: ledger.Key{Connector: "soc-jira", Space: "default", Case: "c-2"}, Incident: connector.Ref{ID: "10002", Title: "HMS-8", URL: "https://hms.example/8"}},
	}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%+v", got)
	}
	const header = "connector_id,space_id,case_id,incident_id,url\n"
	for text, say := range map[string]string{
		"":                                  "no incidents",
		header:                              "no incidents",
		"connector,case_id,incident_id\n":   `unknown column "connector": did you mean "connector_id"?`,
		"connector_id,case_id,key\n":        `did you mean "incident_id"?`,
		"connector_id,case_id,owner\n":      "there are connector_id, case_id",
		"connector_id,case_id,case_id\n":    "there twice",
		"connector_id,case_id\n":            `"incident_id" is missing`,
		header + "c,s,a,1\n":                "4 fields, and the header has 5",
		header + "c,s,,1,\n":                "case_id is empty",
		header + "c,s,a b,1,\n":             "case_id",
		header + "c,s,a,1,ftp\n":            "want an address",
		header + "c,s,a,1,\nc,s,a,2,\n":     `case "a" has an incident on line 2 already`,
		header + "c,s,a,1,\nc,s,b,1,\n":     `incident "1" is another case's on line 2`,
		header + "c,s,\"a,1,\n":             "line",
		header + "c,s,a,,\nc,,,3,\nc,s,x,y": "3 lines are no incidents",
	} {
		_, err := ops.ReadLinks(strings.NewReader(text), func(s string) bool { return s != "ftp" })
		var wrong *ops.Mistakes
		if said := ""; err == nil {
			t.Errorf("%q: taken", text)
		} else if said = err.Error(); errors.As(err, &wrong) && !strings.Contains(said+wrong.List[0].Error(), say) || wrong == nil && !strings.Contains(said, say) {
			t.Errorf("%q: %v %+v, want %q", text, err, wrong, say)
		}
	}
}

func TestLink(t *testing.T) {
	t.Parallel()
	d, fake := deskAtJira(t)
	issue, other := makeIssue(t, fake), makeIssue(t, fake)
	one := links(t, "connector_id,case_id,incident_id\nsoc-jira,c-1,"+issue)[0]
	if r, err := d.link(t, d.Ops, one, ops.LinkOptions{PlanOnly: true}); err != nil || !r.Done {
		t.Errorf("plan: %+v %v", r, err)
	}
	if e, _, err := d.conn.Ledger().Get(t.Context(), key); err != nil || e.Exists() {
		t.Fatalf("a plan wrote %+v %v", e, err)
	}
	if r, err := d.link(t, d.Ops, one, ops.LinkOptions{}); err != nil || !r.Done || r.Redriven {
		t.Errorf("a case that was never pushed: %+v %v", r, err)
	}
	e, rev, err := d.conn.Ledger().Get(t.Context(), key)
	if err != nil || e.Incident == nil || e.Incident.ID != issue || e.Incident.How != ledger.Linked || e.Incident.Tracker != "http://jira.test" {
		t.Errorf("%+v %v", e.Incident, err)
	}
	if r, err := d.link(t, d.Ops, one, ops.LinkOptions{}); err != nil || r.Done {
		t.Errorf("again: %+v %v", r, err)
	}
	if _, now, _ := d.conn.Ledger().Get(t.Context(), key); now != rev {
		t.Error("again: the entry was written")
	}
	one.Incident = connector.Ref{ID: other, Title: other}
	if _, err := d.link(t, d.Ops, one, ops.LinkOptions{}); !errors.Is(err, ops.ErrOther) {
		t.Errorf("another incident: %v", err)
	}
	if r, err := d.link(t, d.Ops, one, ops.LinkOptions{Overwrite: true}); err != nil || !r.Done {
		t.Errorf("overwrite: %+v %v", r, err)
	}
	if e, _, _ := d.conn.Ledger().Get(t.Context(), key); e.Incident.ID != other {
		t.Errorf("overwrite: %+v", e.Incident)
	}
}

// What a blocked case owes is pushed when its incident is known.
func TestLinkPushesWhatIsOwed(t *testing.T) {
	t.Parallel()
	d, fake := deskAtJira(t)
	want := ledger.Position{Stream: d.conn.Incarnation(), Seq: d.publish(t, "c-1")}
	d.entry(t, key, ledger.Entry{Blocked: true, Dead: true, Want: want, Plan: &ledger.Plan{Create: true}})
	l := links(t, "connector_id,case_id,incident_id\nsoc-jira,c-1,"+makeIssue(t, fake))[0]
	if r, err := d.link(t, d.Ops, l, ops.LinkOptions{}); err != nil || !r.Redriven {
		t.Errorf("%+v %v", r, err)
	}
	if n := d.jobs(t, "soc-jira"); n != 1 {
		t.Errorf("%d jobs", n)
	}
}

func TestLinkRefusals(t *testing.T) {
	t.Parallel()
	d, fake := deskAtJira(t)
	issue := makeIssue(t, fake)
	owner := ledger.Key{Connector: "soc-jira", Space: "soc", Case: "c-2"}
	d.entry(t, owner, ledger.Entry{Incident: &ledger.Incident{ID: issue, Title: "HMS-1"}})
	gone := ops.New(ops.Options{Conn: d.conn, Connectors: there{}})
	for _, c := range []struct {
		name, incident string
		ops            *ops.Ops
		sure           bool
		want           error
	}{
		{"another case's", issue, d.Ops, true, ops.ErrTaken},
		{"another case's, by its name", "HMS-1", d.Ops, true, ops.ErrTaken},
		{"not there", "999", d.Ops, true, ops.ErrNoIncident},
		{"no such connector", "7", gone, false, ops.ErrNotLookedUp},
		{"no such connector, sure", "7", gone, true, nil},
	} {
		l := ops.Link{Key: key, Incident: connector.Ref{ID: c.incident, Title: c.incident}}
		if r, err := d.link(t, c.ops, l, ops.LinkOptions{Sure: c.sure}); !errors.Is(err, c.want) || r.Done != (c.want == nil) {
			t.Errorf("%s: %+v %v, want %v", c.name, r, err, c.want)
		}
	}
}

// A tracker that refuses the credentials is asked once, however long the list is.
func TestLinkAsksARefusingTrackerOnce(t *testing.T) {
	t.Parallel()
	d, asked := newDesk(t), 0
	refuse := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusUnauthorized)
	})
	o := ops.New(ops.Options{Conn: d.conn, Connectors: at{jiraAt(t, refuse)}})
	list := links(t, "connector_id,case_id,incident_id\nsoc-jira,a,1\nsoc-jira,b,2\nsoc-jira,c,3\n")
	for _, sure := range []bool{false, true} {
		asked = 0
		l, err := o.NewLinker(t.Context(), list, ops.LinkOptions{Sure: sure})
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range list {
			if _, err := l.Link(t.Context(), link); (err == nil) != sure {
				t.Errorf("sure %t: %v", sure, err)
			}
		}
		if asked != 1 {
			t.Errorf("sure %t: asked %d times", sure, asked)
		}
	}
}
