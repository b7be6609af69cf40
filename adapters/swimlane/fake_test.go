package swimlane_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/adapters/swimlane"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakeswimlane"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
)

// rig is a connector and the fake that it sends to.
type rig struct {
	fake *fakeswimlane.Fake
	con  connector.Connector
	id   connector.CorrelationID
}

func newRig(t *testing.T, opts fakeswimlane.Options, changes map[string]any) *rig {
	t.Helper()
	m := mappings(fakeswimlane.DescriptionID)
	for k, v := range changes {
		m[k] = v
	}
	fake := fakeswimlane.New(opts)
	def := connector.Definition{
		ID: "soc-swimlane", Type: swimlane.TypeID, Secrets: map[string]secret.String{"apiToken": secret.New("canary")},
		Config: map[string]any{"apiUrl": "https://swimlane.hms.example", "appId": fakeswimlane.AppID, "connectorType": "cases", "mappings": m},
	}
	return &rig{
		fake: fake, con: open(t, def, fakes.Transport{Handler: fake}),
		id: connector.CorrelationID{ConnectorID: "soc-swimlane", SpaceID: "default", CaseID: "c-81"},
	}
}

// create makes the case's record.
func (r *rig) create(t *testing.T) connector.Ref {
	t.Helper()
	ref, err := r.con.CreateIncident(t.Context(), r.id, sample())
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// sampleApp is the fake's application after a change to one field.
func sampleApp(id string, change func(*fakeswimlane.Field)) []fakeswimlane.App {
	app := fakeswimlane.SampleApp()
	for i := range app.Fields {
		if app.Fields[i].ID == id {
			change(&app.Fields[i])
		}
	}
	return []fakeswimlane.App{app}
}

// wantError compares text and effect.
func wantError(t *testing.T, err error, text string, kind connector.Kind, effect connector.Effect) {
	t.Helper()
	var e *connector.Error
	if !errors.As(err, &e) || e.Error() != text || e.Kind != kind || e.Effect != effect {
		t.Errorf("error %v, want %s (kind %s, effect %s)", err, text, kind, effect)
	}
}

// A record that an analyst has locked is left for later, whatever Swimlane
// answers then, and so is nothing else.
func TestLockedRecord(t *testing.T) {
	t.Parallel()
	for status, text := range map[int]string{
		423: "(HTTP 423)", 403: "(HTTP 403)", 409: "(HTTP 409)", 400: "(HTTP 400)",
	} {
		r := newRig(t, fakeswimlane.Options{LockedStatus: status}, nil)
		ref := r.create(t)
		r.fake.Lock(ref.ID, "Ann Analyst")
		update := connector.Incident{Fields: []connector.Field{{Name: "caseName", Value: "changed"}}}
		r.fake.Journal().Clear()
		wantError(t, r.con.UpdateIncident(t.Context(), r.id, ref, update),
			`update incident: conflict `+text+`: the record is locked by "Ann Analyst"`, connector.Conflict, connector.NotApplied)
		wantError(t, r.con.AddComment(t.Context(), ref, connector.Comment{ID: "c1", Text: "x"}),
			`add comment: conflict `+text+`: the record is locked by "Ann Analyst"`, connector.Conflict, connector.NotApplied)
		if n := len(r.fake.Journal().Writes()); n != 0 {
			t.Errorf("%d writes to a locked record", n)
		}
		r.fake.Lock(ref.ID, "")
		if err := r.con.UpdateIncident(t.Context(), r.id, ref, update); err != nil {
			t.Errorf("after the lock: %v", err)
		}
	}
}

// The case id is unique at their side: a second create is no second record,
// and says that the first one has to be looked for.
func TestDuplicateCaseID(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeswimlane.Options{Apps: sampleApp(fakeswimlane.CaseIDID, func(f *fakeswimlane.Field) {
		f.Unique, f.Name = true, "Kibana Case"
	})}, nil)
	ref := r.create(t)
	_, err := r.con.CreateIncident(t.Context(), r.id, sample())
	wantError(t, err, "create incident: conflict (HTTP 400): DuplicateFieldValue: Kibana Case (3000): a record with this case id exists", connector.Conflict, connector.EffectUnknown)
	if found, err := r.con.FindIncident(t.Context(), r.id); err != nil || found != ref {
		t.Errorf("found %+v, %v; want %+v", found, err, ref)
	}
}

// Another field that is unique: no later try will help, and nothing was made.
func TestDuplicateTitle(t *testing.T) {
	t.Parallel()
	title := field(fakeswimlane.CaseNameID, "text")
	title["name"] = "Case Name"
	r := newRig(t, fakeswimlane.Options{Apps: sampleApp(fakeswimlane.CaseNameID, func(f *fakeswimlane.Field) { f.Unique = true })},
		map[string]any{"caseNameConfig": title})
	r.create(t)
	r.id.CaseID = "c-82"
	_, err := r.con.CreateIncident(t.Context(), r.id, sample())
	wantError(t, err, "create incident: rejected (HTTP 400): DuplicateFieldValue: Case Name (3000)", connector.Rejected, connector.NotApplied)
}

// A value that somebody has added to the list since is found.
func TestNewValue(t *testing.T) {
	t.Parallel()
	apps := sampleApp(fakeswimlane.SeverityID, func(*fakeswimlane.Field) {})
	r := newRig(t, fakeswimlane.Options{Apps: apps}, nil)
	ref := r.create(t)
	set := func(severity string) error {
		return r.con.UpdateIncident(t.Context(), r.id, ref, connector.Incident{Fields: []connector.Field{{Name: "severity", Value: severity}}})
	}
	r.fake.Journal().Clear()
	wantError(t, set("critical"), `update incident: rejected: field "severity": "critical" is no value of "Severity"; it has "Low", "High"`, connector.Rejected, connector.NotApplied)
	if n := len(r.fake.Journal().Requests()); n != 1 {
		t.Errorf("%d requests for a value that is not there, want one for the application", n)
	}
	for i := range apps[0].Fields {
		if f := &apps[0].Fields[i]; f.ID == fakeswimlane.SeverityID {
			f.Values = append(f.Values, fakeswimlane.Value{ID: "58e7bb144121bd73d8f53849", Name: "Critical"})
		}
	}
	if err := set("critical"); err != nil {
		t.Error(err)
	}
	rec, _ := r.fake.Record(ref.ID)
	if v, _ := rec.Values[fakeswimlane.SeverityID].(map[string]any); v["value"] != "Critical" {
		t.Errorf("severity %v", rec.Values[fakeswimlane.SeverityID])
	}
	if err := set(""); err != nil {
		t.Error(err)
	}
	if rec, _ := r.fake.Record(ref.ID); rec.Values[fakeswimlane.SeverityID] != nil || rec.Text(fakeswimlane.CaseIDID) != "c-81" {
		t.Errorf("after the value was removed: %v", rec.Values)
	}
}

// A record is found once the search shows it, and by nothing but its own id.
func TestSearchLag(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, fakeswimlane.Options{SearchDelay: 10 * time.Second}, nil)
		ref := r.create(t)
		find := func(id connector.CorrelationID) error {
			found, err := r.con.FindIncident(t.Context(), id)
			if err == nil && found != ref {
				t.Errorf("found %+v, want %+v", found, ref)
			}
			return err
		}
		wantError(t, find(r.id), "find incident: not found", connector.NotFound, connector.NotApplied)
		<-time.After(10 * time.Second)
		if err := find(r.id); err != nil {
			t.Error(err)
		}
		other := r.id
		other.CaseID = "C-81" // a search that has no regard to case shows it
		wantError(t, find(other), "find incident: not found", connector.NotFound, connector.NotApplied)
		other.CaseID = ""
		wantError(t, find(other), "find incident: rejected: no case id to look for", connector.Rejected, connector.NotApplied)
	})
}

// More records of one case than a page holds: all are found, oldest first.
func TestSearchPages(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeswimlane.Options{}, nil)
	first := r.create(t)
	for range 119 {
		r.create(t)
	}
	others, err := r.con.(connector.Deduplicator).OtherIncidents(t.Context(), r.id, connector.Ref{ID: first.Title})
	if err != nil || len(others) != 119 || others[0].Title != "CAS-2" || others[118].Title != "CAS-120" {
		t.Errorf("%d others, %v", len(others), err)
	}
	searches := r.fake.Journal().Count(func(q fakes.Request) bool { return strings.HasSuffix(q.Path, "/search") })
	if searches != 3 {
		t.Errorf("%d searches for 120 records, want 3", searches)
	}
}

// A description in a field with HTML shows what the case says, also after an
// append, which reads it back.
func TestRichDescription(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeswimlane.Options{}, map[string]any{"descriptionConfig": field(fakeswimlane.RichID, "text")})
	ref := r.create(t)
	const text = "Seen <twice> & \"more\" on HMS-PC07."
	if rec, _ := r.fake.Record(ref.ID); rec.Text(fakeswimlane.RichID) != "Seen &lt;twice&gt; &amp; \"more\" on HMS-PC07." {
		t.Errorf("stored %q", rec.Text(fakeswimlane.RichID))
	}
	in, err := r.con.ReadIncident(t.Context(), ref, []string{"description", "caseId", "ruleName"})
	if err != nil || in.Text("description") != text || in.Text("caseId") != "c-81" {
		t.Errorf("read %+v, %v", in, err)
	}
	if v, there := in.Get("ruleName"); !there || v != nil {
		t.Errorf("a field that is not mapped: %v, %t", v, there)
	}
}

// Without a field for comments the duplicate loses its mark all the same.
func TestRetireWithoutComments(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeswimlane.Options{}, map[string]any{"commentsConfig": nil})
	spare, keep := r.create(t), r.create(t)
	dedup := r.con.(connector.Deduplicator)
	if err := dedup.RetireDuplicate(t.Context(), r.id, keep, spare); err != nil {
		t.Fatal(err)
	}
	rec, _ := r.fake.Record(spare.ID)
	if found, err := r.con.FindIncident(t.Context(), r.id); err != nil || found != keep || rec.Text(fakeswimlane.CaseIDID) != "" {
		t.Errorf("found %+v, %v; the duplicate has %v", found, err, rec.Values)
	}
}

// What a real server says to a wrong token, an unknown application and a
// missing field of ours.
func TestProbe(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeswimlane.Options{Token: secret.New("another")}, nil)
	wantError(t, r.con.Probe(t.Context()), `probe: unauthenticated (HTTP 401): application "`+fakeswimlane.AppID+`"`, connector.Unauthenticated, connector.NotApplied)
	r = newRig(t, fakeswimlane.Options{Apps: []fakeswimlane.App{{ID: "another"}}}, nil)
	wantError(t, r.con.Probe(t.Context()), `probe: not found (HTTP 204): application "`+fakeswimlane.AppID+`": there is none of this id`, connector.NotFound, connector.NotApplied)
	r = newRig(t, fakeswimlane.Options{}, map[string]any{"severityConfig": field("azzzz", "valuesList")})
	wantError(t, r.con.Probe(t.Context()), `probe: not found: application "`+fakeswimlane.AppID+`": no field "azzzz" (mappings.severityConfig)`, connector.NotFound, connector.NotApplied)
	if n := r.fake.Journal().Count(func(q fakes.Request) bool { return q.Method == http.MethodGet }); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// open makes a connector whose requests go to the transport.
func open(t *testing.T, def connector.Definition, to http.RoundTripper) connector.Connector {
	t.Helper()
	client, err := httpclient.NewWithTransport(httpclient.Settings{AllowedHosts: []string{"*"}}, to)
	if err != nil {
		t.Fatal(err)
	}
	con, err := swimlane.Type().New(def, connector.Dependencies{HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	return con
}
