package resilient_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakeresilient"
	"github.com/casepush/casepush/internal/secret"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		opts     fakeresilient.Options
		delivery map[string]any
		denied   string
		fault    *fakes.Rule
		kind     connector.Kind
		want     string // "" is no error
	}{
		"all is well":         {},
		"with a property":     {delivery: map[string]any{"correlation_property": "kibana_case_id"}},
		"no such property":    {delivery: map[string]any{"correlation_property": "nosuch"}, kind: connector.Rejected, want: "probe: rejected (HTTP 400): Unable to find the field properties.nosuch."},
		"may not read":        {denied: "read", kind: connector.Forbidden, want: "probe: forbidden (HTTP 403): Forbidden"},
		"may not comment":     {denied: "comment"},
		"wrong key":           {opts: fakeresilient.Options{KeyID: "id", KeySecret: secret.New("another")}, kind: connector.Unauthenticated, want: "probe: unauthenticated (HTTP 401): Authentication failed."},
		"no such place":       {opts: fakeresilient.Options{Orgs: []fakeresilient.Org{{ID: 7}}}, kind: connector.Forbidden, want: "probe: forbidden (HTTP 403): You do not have access to this organization."},
		"nothing at the path": {fault: &fakes.Rule{Status: 404}, kind: connector.NotFound, want: "probe: not found (HTTP 404)"},
		"an odd answer":       {fault: &fakes.Rule{Status: 200, Body: `{"data":null}`}, want: `probe: transient: answer: key "data": missing`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := fakeresilient.New(tc.opts)
			if tc.denied != "" {
				if err := fake.Permit(map[string]bool{tc.denied: false}); err != nil {
					t.Fatal(err)
				}
			}
			if tc.fault != nil {
				if _, err := fake.Faults().Add(*tc.fault); err != nil {
					t.Fatal(err)
				}
			}
			e := connector.AsError("no", open(t, through(fake), tc.delivery).Probe(t.Context()))
			if text(e) != tc.want || e != nil && (e.Kind != tc.kind || e.Effect != connector.NotApplied) {
				t.Errorf("error %q (%+v), want %q", text(e), e, tc.want)
			}
			if n := len(fake.Journal().Requests()); n != 1 || len(fake.Journal().Writes()) != 0 {
				t.Errorf("%d requests, %d of them changed something; want one that does not", n, len(fake.Journal().Writes()))
			}
		})
	}
}

func TestOrganization(t *testing.T) {
	t.Parallel()
	orgs := []fakeresilient.Org{
		{ID: 201, Name: "HMS", UUID: "c8165e15-0321-4c09-84f8-4338ac5833f9", CloudAccount: "acc-1"}, {ID: 202, Name: "Closed", Disabled: true},
	}
	for name, want := range map[string]string{
		"HMS": "", "c8165e15-0321-4c09-84f8-4338ac5833f9": "", "acc-1": "", "201": "",
		"Closed": `find organization: forbidden: organization "Closed": is disabled`,
		"hms":    `find organization: forbidden: organization "hms": the API key sees none of this name, uuid or cloud account`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := fakeresilient.New(fakeresilient.Options{Orgs: orgs})
			con := open(t, through(fake), nil, name)
			for range 2 {
				_, err := con.CreateIncident(t.Context(), someCase, fields("name", "Beacon"))
				if e := connector.AsError("no", err); text(e) != want || e != nil && (e.Kind != connector.Forbidden || e.Effect != connector.NotApplied) {
					t.Errorf("error %q, want %q", text(e), want)
				}
			}
			asked := strings.Count(strings.Join(paths(fake), "\n"), "GET /rest/session")
			if most := map[bool]int{true: 1, false: 2}[want == ""]; asked > most || name == "201" && asked != 0 {
				t.Errorf("the session was asked for %d times", asked)
			}
		})
	}
}

// A session that is not there says nothing of an incident: an update must not
// take it for one that is missing.
func TestSessionIsNoIncident(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]connector.Kind{404: connector.Transient, 500: connector.Transient, 401: connector.Unauthenticated, 403: connector.Forbidden} {
		fake := fakeresilient.New(fakeresilient.Options{})
		if _, err := fake.Faults().Add(fakes.Rule{Method: http.MethodGet, Path: "/rest/session", Status: status}); err != nil {
			t.Fatal(err)
		}
		con := open(t, through(fake), nil, "HMS")
		e := connector.AsError("no", con.UpdateIncident(t.Context(), someCase, connector.Ref{ID: "2001"}, fields("name", "x")))
		if e == nil || e.Kind != want || e.Effect != connector.NotApplied {
			t.Errorf("%d: %v", status, e)
		}
	}
}
