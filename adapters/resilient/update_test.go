package resilient_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakeresilient"
)

// The pusher repeats an update that met a conflict, with a fresh read, three
// times at most. When somebody changes the incident each time, nothing has been
// applied and nothing lost: the error says so, and the next attempt does it.
func TestConflictThreeTimesInARow(t *testing.T) {
	t.Parallel()
	fake := fakeresilient.New(fakeresilient.Options{})
	con := open(t, through(fake), nil)
	ref := create(t, con, fields("name", "Beacon", "description", "One."))
	fake.Conflict(3)
	fake.Journal().Clear()
	for try := range 3 {
		e := connector.AsError("no", con.UpdateIncident(t.Context(), someCase, ref, fields("name", "Changed")))
		const want = `update incident: conflict (HTTP 200): Unable to save; Another user has changed the incident.; field "name"`
		if e == nil || e.Kind != connector.Conflict || e.Effect != connector.NotApplied || text(e) != want {
			t.Errorf("try %d: %q, want %q", try+1, text(e), want)
		}
	}
	if i, _ := fake.Incident(ref.ID); i.Name() != "Beacon" || i.Version != 1 {
		t.Errorf("after three conflicts: %q, version %d", i.Name(), i.Version)
	}
	if err := con.UpdateIncident(t.Context(), someCase, ref, fields("name", "Changed")); err != nil {
		t.Fatal(err)
	}
	if i, _ := fake.Incident(ref.ID); i.Name() != "Changed" || i.Version != 2 {
		t.Errorf("at last: %q, version %d", i.Name(), i.Version)
	}
	one := []string{"GET /rest/orgs/201/incidents/" + ref.ID, "PATCH /rest/orgs/201/incidents/" + ref.ID}
	if diff := cmp.Diff(append(append(append(one, one...), one...), one...), paths(fake)); diff != "" {
		t.Errorf("each try reads anew and sends one patch: %s", diff)
	}
}

// A database's conflict, HTTP 409, is the same to the pusher.
func TestConflictByStatus(t *testing.T) {
	t.Parallel()
	fake := fakeresilient.New(fakeresilient.Options{})
	con := open(t, through(fake), nil)
	ref := create(t, con, fields("name", "Beacon"))
	if _, err := fake.Faults().Add(fakes.Rule{Method: http.MethodPatch, Status: http.StatusConflict, Times: 1}); err != nil {
		t.Fatal(err)
	}
	e := connector.AsError("no", con.UpdateIncident(t.Context(), someCase, ref, fields("name", "Changed")))
	if e == nil || e.Kind != connector.Conflict || e.Effect != connector.NotApplied || e.Status != http.StatusConflict {
		t.Errorf("error %v", e)
	}
	if err := con.UpdateIncident(t.Context(), someCase, ref, fields("name", "Changed")); err != nil {
		t.Error(err)
	}
}

// edits lets somebody change the incident between our read and our patch.
type edits struct {
	http.RoundTripper
	before func()
}

func (e *edits) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPatch && e.before != nil {
		before := e.before
		e.before = nil
		before()
	}
	return e.RoundTripper.RoundTrip(r)
}

// The old values are those that were read: an agent's edit in between is never
// overwritten unseen.
func TestConflictWithAnAgent(t *testing.T) {
	t.Parallel()
	fake := fakeresilient.New(fakeresilient.Options{})
	agent := open(t, through(fake), nil)
	wire := &edits{RoundTripper: through(fake)}
	con := open(t, wire, nil)
	ref := create(t, con, fields("name", "Beacon", "severityCode", "50"))
	wire.before = func() {
		if err := agent.UpdateIncident(t.Context(), someCase, ref, fields("severityCode", "52")); err != nil {
			t.Error(err)
		}
	}
	e := connector.AsError("no", con.UpdateIncident(t.Context(), someCase, ref, fields("severityCode", "51")))
	if e == nil || e.Kind != connector.Conflict || !strings.Contains(text(e), `field "severity_code"`) {
		t.Errorf("error %v", e)
	}
	if i, _ := fake.Incident(ref.ID); i.Fields["severity_code"] != json.Number("52") {
		t.Errorf("severity %v", i.Fields["severity_code"])
	}
}

// Every kind of field is set by an update, beside Kibana's own; the fields of
// incidents are asked for once.
func TestUpdateEveryKind(t *testing.T) {
	t.Parallel()
	fake := fakeresilient.New(fakeresilient.Options{})
	con := open(t, through(fake), nil)
	ref := create(t, con, fields("name", "Beacon", "additionalFields", `{"custom1":"a","properties":{"priority_score":1}}`))
	fake.Journal().Clear()
	in := fields("name", "Changed", "incidentTypes", []string{"17", "19"}, "severityCode", "52", "city", "Vienna",
		"additionalFields", `{"custom1":"b","priority_score":2.5,"approved":true,"teams":[301],"region":402,"notes":"<b>n</b>","reviewed":1700000000000,"properties":{"custom1":"c"}}`)
	for range 2 {
		if err := con.UpdateIncident(t.Context(), someCase, ref, in); err != nil {
			t.Fatal(err)
		}
	}
	i, _ := fake.Incident(ref.ID)
	notes, _ := i.Properties["notes"].(*fakeresilient.Text)
	delete(i.Properties, "notes")
	want := map[string]any{
		"custom1": "c", "priority_score": json.Number("2.5"), "approved": true, "teams": []any{json.Number("301")},
		"region": json.Number("402"), "reviewed": json.Number("1700000000000"),
	}
	if diff := cmp.Diff(want, i.Properties); diff != "" {
		t.Error(diff)
	}
	if notes == nil || *notes != (fakeresilient.Text{Format: "text", Content: "<b>n</b>"}) {
		t.Errorf("notes: %+v", notes)
	}
	if i.Name() != "Changed" || i.Fields["city"] != "Vienna" || i.Fields["severity_code"] != json.Number("52") {
		t.Errorf("%+v", i.Fields)
	}
	if got := strings.Count(strings.Join(paths(fake), "\n"), "/types/incident/fields"); got != 0 {
		t.Errorf("the fields were asked for %d times more; the create has done so", got)
	}
	if err := con.UpdateIncident(t.Context(), someCase, ref, fields("additionalFields", `{"custom1":null,"notes":null}`)); err != nil {
		t.Fatal(err)
	}
	if i, _ := fake.Incident(ref.ID); i.Properties["custom1"] != nil || i.Properties["notes"] != nil {
		t.Errorf("cleared: %+v", i.Properties)
	}
}

// What cannot be sent is said before anything is sent.
func TestUnsendable(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in   connector.Incident
		want string
	}{
		"no such value":     {fields("additionalFields", `{"region":7}`), `Invalid values provided to region: 7. Accepted values: 401 (for "EMEA"),402 (for "APAC")`},
		"one of several":    {fields("additionalFields", `{"teams":[301,7]}`), `Invalid values provided to teams: [ 301, 7 ]. Accepted values: 301 (for "SOC"),302 (for "CERT")`},
		"no list":           {fields("additionalFields", `{"teams":301}`), `Invalid values provided to teams: 301.`},
		"no such field":     {fields("additionalFields", `{"nosuch":1}`), "No metadata found for field nosuch"},
		"another kind":      {fields("additionalFields", `{"approved":"yes"}`), `field "approved": want a value for the input type "boolean"`},
		"a number as text":  {fields("additionalFields", `{"priority_score":"1"}`), `field "priority_score": want a value for the input type "number"`},
		"types of no ids":   {fields("incidentTypes", []string{"Malware"}), `field "incidentTypes": want ids, got "Malware"`},
		"severity of no id": {fields("severityCode", "High"), `field "severityCode": want an id, got "High"`},
		"the mark's field":  {fields("kibana_case_id", "x"), `field "kibana_case_id": is delivery.correlation_property`},
		"the same, inside":  {fields("additionalFields", `{"properties":{"kibana_case_id":"x"}}`), `field "kibana_case_id": is delivery.correlation_property`},
		"no object":         {fields("additionalFields", `{"properties":1}`), `field "properties": not a JSON object`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := fakeresilient.New(fakeresilient.Options{})
			con := open(t, through(fake), map[string]any{"correlation_property": "kibana_case_id"})
			ref := create(t, con, fields("name", "Beacon"))
			fake.Journal().Clear()
			e := connector.AsError("no", con.UpdateIncident(t.Context(), someCase, ref, tc.in))
			if e == nil || e.Kind != connector.Rejected || e.Effect != connector.NotApplied || !strings.Contains(text(e), tc.want) {
				t.Errorf("error %q, want one with %q", text(e), tc.want)
			}
			if n := len(fake.Journal().Writes()); n != 0 {
				t.Errorf("%d writes", n)
			}
		})
	}
}

// A value that is new at the tracker is taken: what was kept of the fields is
// asked for again before it is refused, and after the tracker refused a request.
func TestFieldsAreForgotten(t *testing.T) {
	t.Parallel()
	fake := fakeresilient.New(fakeresilient.Options{})
	con := open(t, through(fake), nil)
	ref := create(t, con, fields("name", "Beacon", "additionalFields", `{"region":401}`))
	asked := func() int {
		return strings.Count(strings.Join(paths(fake), "\n"), "GET /rest/orgs/201/types/incident/fields")
	}
	if asked() != 1 {
		t.Errorf("asked %d times at first", asked())
	}
	for _, tc := range []struct {
		fields string
		status int
		total  int
	}{
		{`{"region":402}`, 0, 1},
		{`{"region":7}`, 0, 2},   // looked up before it is refused
		{`{"region":402}`, 0, 2}, // and kept
		{`{"region":401}`, 400, 2},
		{`{"region":402}`, 0, 3},
	} {
		if tc.status != 0 {
			if _, err := fake.Faults().Add(fakes.Rule{Method: http.MethodPatch, Status: tc.status, Times: 1}); err != nil {
				t.Fatal(err)
			}
		}
		_ = con.UpdateIncident(t.Context(), someCase, ref, fields("additionalFields", tc.fields))
		if asked() != tc.total {
			t.Errorf("%s: asked %d times, want %d", tc.fields, asked(), tc.total)
		}
	}
}

func TestNothingToUpdate(t *testing.T) {
	t.Parallel()
	fake := fakeresilient.New(fakeresilient.Options{})
	con := open(t, through(fake), nil)
	ref := connector.Ref{ID: "2001"}
	for _, in := range []connector.Incident{{}, fields("name", nil, "incidentTypes", nil, "severityCode", "", "additionalFields", "")} {
		if err := con.UpdateIncident(t.Context(), someCase, ref, in); err != nil || len(paths(fake)) != 0 {
			t.Errorf("%+v: %v, requests %q", in, err, paths(fake))
		}
	}
}

// An answer that is no object with success leaves open whether it was applied.
func TestPatchReceipts(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]connector.Effect{
		`{}`: connector.EffectUnknown, `[]`: connector.EffectUnknown, `{"success":null}`: connector.EffectUnknown, `{"success":"no"}`: connector.EffectUnknown,
		`{"success":false}`: connector.NotApplied,
	} {
		fake := fakeresilient.New(fakeresilient.Options{})
		con := open(t, through(fake), nil)
		ref := create(t, con, fields("name", "Beacon"))
		if _, err := fake.Faults().Add(fakes.Rule{Method: http.MethodPatch, Status: 200, Body: body}); err != nil {
			t.Fatal(err)
		}
		e := connector.AsError("no", con.UpdateIncident(t.Context(), someCase, ref, fields("name", "x")))
		if e == nil || e.Effect != want || (e.Kind == connector.Conflict) != (want == connector.NotApplied) {
			t.Errorf("%s: %v, effect %v", body, e, e.Effect)
		}
	}
}
