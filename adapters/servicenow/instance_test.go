package servicenow_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/adapters/servicenow"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakeservicenow"
	"github.com/casepush/casepush/internal/httpclient"
)

// open makes a connector of a flavour that asks the handler.
func (f flavour) open(t *testing.T, h http.Handler, delivery map[string]any) connector.Connector {
	t.Helper()
	def := f.definition("http://hms.service-now.example")
	def.Delivery = delivery
	return connect(t, def, h)
}

// connect makes a connector of a definition that asks the handler.
func connect(t *testing.T, def connector.Definition, h http.Handler) connector.Connector {
	t.Helper()
	client, err := httpclient.NewWithTransport(httpclient.Settings{AllowedHosts: []string{"*"}}, fakes.Transport{Handler: h})
	if err != nil {
		t.Fatal(err)
	}
	typ := servicenow.ITSM()
	if def.Type == servicenow.SecOpsTypeID {
		typ = servicenow.SecOps()
	}
	con, err := typ.New(def, connector.Dependencies{HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	return con
}

var (
	table  = flavour{typ: servicenow.ITSM(), table: fakeservicenow.TableIncident, tableAPI: true}
	app    = flavour{typ: servicenow.ITSM(), table: fakeservicenow.TableIncident}
	sirApp = flavour{typ: servicenow.SecOps(), table: fakeservicenow.TableSecurityIncident}
	caseID = connector.CorrelationID{ConnectorID: "soc-servicenow", SpaceID: "default", CaseID: "7349772f-421a-4de3-b8bb-2d9b22ccee30"}
)

func made(t *testing.T, con connector.Connector) connector.Ref {
	t.Helper()
	ref, err := con.CreateIncident(t.Context(), caseID, sample())
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// wantError wants an error of this kind and effect, with these words.
func wantError(t *testing.T, err error, kind connector.Kind, effect connector.Effect, words string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", words)
	}
	if e := connector.AsError("", err); e.Kind != kind || e.Effect != effect || !strings.Contains(e.Error(), words) {
		t.Errorf("%v (effect %s), want %s, effect %s, with %q", err, e.Effect, kind, effect, words)
	}
}

func note(text, target string) connector.Comment {
	return connector.Comment{ID: "c", Source: "s", Digest: connector.Digest(text), Text: text, Target: target}
}

// What is not shown is never taken for what is not there.
func TestHidden(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options fakeservicenow.Options
		right   string // that is taken away
		call    func(*testing.T, connector.Connector, connector.Ref) error
		words   string
	}{
		"journal refused": {fakeservicenow.Options{}, fakeservicenow.RightJournal, countNotes, "must be able to read sys_journal_field"},
		"journal emptied": {fakeservicenow.Options{Journal: fakeservicenow.JournalFiltered}, fakeservicenow.RightJournal, countNotes, "0 of 1 records are shown"},
		"incidents emptied": {fakeservicenow.Options{}, fakeservicenow.RightRead, func(t *testing.T, con connector.Connector, _ connector.Ref) error {
			_, err := con.FindIncident(t.Context(), caseID)
			return err
		}, "0 of 1 records are shown"},
		"query part dropped": {fakeservicenow.Options{HiddenFields: []string{"correlation_id"}}, "", func(t *testing.T, con connector.Connector, _ connector.Ref) error {
			_, err := con.FindIncident(t.Context(), caseID)
			return err
		}, "cannot read the column correlation_id"},
		"probe": {fakeservicenow.Options{HiddenFields: []string{"correlation_id"}}, "", func(t *testing.T, con connector.Connector, _ connector.Ref) error {
			return con.Probe(t.Context())
		}, "cannot read the column correlation_id"},
		"text": {fakeservicenow.Options{HiddenFields: []string{"description"}}, "", func(t *testing.T, con connector.Connector, ref connector.Ref) error {
			_, err := con.ReadIncident(t.Context(), ref, []string{"short_description", "description"})
			return err
		}, `column "description"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := fakeservicenow.New(tc.options)
			con := table.open(t, fake, nil)
			ref := made(t, con)
			if err := con.AddComment(t.Context(), ref, note("one", "")); err != nil {
				t.Fatal(err)
			}
			if tc.right != "" {
				if err := fake.Permit(map[string]bool{tc.right: false}); err != nil {
					t.Fatal(err)
				}
			}
			wantError(t, tc.call(t, con, ref), connector.Forbidden, connector.NotApplied, tc.words)
		})
	}
}

func countNotes(t *testing.T, con connector.Connector, ref connector.Ref) error {
	_, err := con.CountComments(t.Context(), ref, []connector.Comment{note("one", "")})
	return err
}

// A mark is the same in every letter, whatever ServiceNow thinks, and the oldest
// is the one with the lowest number among those of one second.
func TestFindIsExact(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := fakeservicenow.New(fakeservicenow.Options{})
		con := table.open(t, fake, nil)
		first := made(t, con)
		for range 5 {
			made(t, con) // in the same second
		}
		if found, err := con.FindIncident(t.Context(), caseID); err != nil || found != first {
			t.Errorf("found %v, error %v, want %v", found, err, first)
		}
		fake.Edit(first.ID, map[string]string{"correlation_id": strings.ToUpper(caseID.CaseID)})
		if found, err := con.FindIncident(t.Context(), caseID); err != nil || found == first {
			t.Errorf("found %v, error %v: it has the mark in other letters", found, err)
		}
	})
}

// More entries than a page has, and one that is too large for the client.
func TestCountPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := fakeservicenow.New(fakeservicenow.Options{})
		con := table.open(t, fake, nil)
		ref := made(t, con)
		long := strings.Repeat("x", 3900)
		for range 410 {
			fake.Edit(ref.ID, map[string]string{"work_notes": long})
		}
		fake.Edit(ref.ID, map[string]string{"comments": "last"})
		counts, err := con.CountComments(t.Context(), ref, []connector.Comment{note(long, ""), note("last", ""), note("none", "")})
		if err != nil || !slices.Equal(counts, []int{410, 1, 0}) {
			t.Errorf("counts %v, error %v", counts, err)
		}
	})
}

// The case's id is the mark, so it must be one that ServiceNow can look for.
func TestMarks(t *testing.T) {
	t.Parallel()
	fake := fakeservicenow.New(fakeservicenow.Options{})
	con := table.open(t, fake, nil)
	for id, good := range map[string]bool{
		"a": true, "A-z_0.9:x": true, strings.Repeat("a", 100): true,
		"": false, "a^b": false, "a b": false, "ä": false, "javascript:gs.now": false, "JavaScript:x": false, strings.Repeat("a", 101): false,
	} {
		mark := connector.CorrelationID{CaseID: id}
		ref, err := con.CreateIncident(t.Context(), mark, sample())
		found, findErr := con.FindIncident(t.Context(), mark)
		if !good {
			wantError(t, err, connector.Rejected, connector.NotApplied, "case id")
			wantError(t, findErr, connector.Rejected, connector.NotApplied, "case id")
		} else if err != nil || findErr != nil || found != ref {
			t.Errorf("%q: created %v (%v), found %v (%v)", id, ref, err, found, findErr)
		}
	}
}

// An import that would make an incident is not sent to one that is gone, and one
// that made one all the same is not repeated.
func TestTransforms(t *testing.T) {
	t.Parallel()
	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		fake := fakeservicenow.New(fakeservicenow.Options{Transform: fakeservicenow.TransformInsertsUnknown})
		con := app.open(t, fake, nil)
		ref := made(t, con)
		fake.Delete(ref.ID)
		wantError(t, con.UpdateIncident(t.Context(), caseID, ref, sample()), connector.NotFound, connector.NotApplied, "No Record found")
		wantError(t, con.AddComment(t.Context(), ref, note("one", "")), connector.NotFound, connector.NotApplied, "No Record found")
		if n := len(fake.Incidents("")); n != 0 {
			t.Errorf("%d incidents", n)
		}
	})
	t.Run("always", func(t *testing.T) {
		t.Parallel()
		con := app.open(t, fakeservicenow.New(fakeservicenow.Options{Transform: fakeservicenow.TransformInsertsAlways}), nil)
		ref := made(t, con)
		wantError(t, con.UpdateIncident(t.Context(), caseID, ref, sample()), connector.Rejected, connector.NotApplied, "must coalesce on elastic_incident_id")
	})
	t.Run("two", func(t *testing.T) {
		t.Parallel()
		fake := fakeservicenow.New(fakeservicenow.Options{ImportNotifies: true})
		con := app.open(t, fake, nil)
		ref := made(t, con)
		if _, there := fake.Incident(ref.ID); !there {
			t.Errorf("%v is another table's record", ref)
		}
		if err := con.AddComment(t.Context(), ref, note("one", "")); err != nil {
			t.Error(err)
		}
	})
}

// Without the application nothing works, and no case is to blame.
func TestNoApplication(t *testing.T) {
	t.Parallel()
	fake := fakeservicenow.New(fakeservicenow.Options{NoElasticApps: true})
	con := sirApp.open(t, fake, nil)
	_, err := con.CreateIncident(t.Context(), caseID, sample())
	wantError(t, err, connector.Transient, connector.NotApplied, "is the application x_elas2_sir_int installed")
	if con.Probe(t.Context()) == nil {
		t.Error("the probe finds nothing wrong")
	}
}

func TestNoSecurityIncidents(t *testing.T) {
	t.Parallel()
	fake := fakeservicenow.New(fakeservicenow.Options{NoSecurityIncidents: true})
	con := flavour{typ: servicenow.SecOps(), tableAPI: true}.open(t, fake, nil)
	_, err := con.CreateIncident(t.Context(), caseID, sample())
	wantError(t, err, connector.Rejected, connector.NotApplied, "Invalid table sn_si_incident")
}

// A page instead of an answer: Kibana's words, and nobody knows what happened.
func TestPages(t *testing.T) {
	t.Parallel()
	fake := fakeservicenow.New(fakeservicenow.Options{})
	con := table.open(t, fake, nil)
	ref := made(t, con)
	fake.SetHibernating(true)
	const words = "There is an issue with your Service Now Instance. Please check hms.service-now.example."
	wantError(t, con.UpdateIncident(t.Context(), caseID, ref, sample()), connector.Transient, connector.EffectUnknown, words)
	_, err := con.FindIncident(t.Context(), caseID)
	wantError(t, err, connector.Transient, connector.NotApplied, words)
	fake.SetHibernating(false)
	fake.SetLoginPage(true)
	_, err = con.FindIncident(t.Context(), caseID)
	wantError(t, err, connector.Transient, connector.NotApplied, "redirect")
}

// What a closed incident does is ServiceNow's decision, in its words.
func TestClosed(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]flavour{"table": table, "import": app} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := fakeservicenow.New(fakeservicenow.Options{Closed: fakeservicenow.ClosedRefuses})
			con := f.open(t, fake, nil)
			ref := made(t, con)
			fake.Edit(ref.ID, map[string]string{"state": "7", "close_code": "x", "close_notes": "x"})
			kind := map[bool]connector.Kind{true: connector.Forbidden, false: connector.Rejected}[f.tableAPI]
			wantError(t, con.UpdateIncident(t.Context(), caseID, ref, connector.Incident{Fields: []connector.Field{{Name: "description", Value: "new"}}}),
				kind, connector.NotApplied, "Business Rule")
		})
	}
}

// Texts of unusual mappings and values.
func TestUnusualFields(t *testing.T) {
	t.Parallel()
	fake := fakeservicenow.New(fakeservicenow.Options{})
	con := app.open(t, fake, nil)
	ref, err := con.CreateIncident(t.Context(), caseID, connector.Incident{Fields: []connector.Field{
		{Name: "short_description", Value: "T"},
		{Name: "watch_list", Value: []string{"a", "b"}},
		{Name: "u_close_notes", Value: true},
		{Name: "correlation_id", Value: "another's"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	in, _ := fake.Incident(ref.ID)
	if in.Fields["watch_list"] != "a,b" || in.Fields["close_notes"] != "true" || in.Fields["correlation_id"] != caseID.CaseID {
		t.Errorf("%v", in.Fields)
	}
	_, err = con.CreateIncident(t.Context(), caseID, connector.Incident{Fields: []connector.Field{{Name: "x", Value: map[string]any{}}}})
	wantError(t, err, connector.Rejected, connector.NotApplied, `field "x"`)
	mark := connector.Incident{Fields: []connector.Field{{Name: "correlation_id", Value: "another's"}, {Name: "correlation_display", Value: "x"}}}
	if err := con.UpdateIncident(t.Context(), caseID, ref, mark); err != nil {
		t.Fatal(err)
	}
	if in, _ = fake.Incident(ref.ID); in.Fields["correlation_id"] != caseID.CaseID {
		t.Errorf("the mark is %q", in.Fields["correlation_id"])
	}
}

// The observables of a bulk are there once, however often they are sent, and a
// bulk has a bound.
func TestBulk(t *testing.T) {
	t.Parallel()
	fake := fakeservicenow.New(fakeservicenow.Options{})
	con := sirApp.open(t, fake, nil).(connector.Batcher)
	ref := made(t, con)
	cs := []connector.Comment{
		{ID: "observable/ipv4-addr/203.0.113.7", Text: "203.0.113.7", Target: "observables"},
		{ID: "observable/URL/https://x.example/a", Text: "https://x.example/a", Target: "observables"},
	}
	for range 2 {
		if err := con.AddComments(t.Context(), ref, cs); err != nil {
			t.Fatal(err)
		}
		if err := con.AddComments(t.Context(), ref, cs[:1]); err != nil {
			t.Fatal(err)
		}
	}
	in, _ := fake.Incident(ref.ID)
	if len(in.Observables) != 2 || in.Observables[1].Value != "https://x.example/a" || in.Observables[1].Type != "URL" {
		t.Errorf("%+v", in.Observables)
	}
	if con.Batch("observables") != 100 || con.Batch("") != 1 || con.Batch("work_notes") != 1 {
		t.Errorf("batches of %d, %d and %d", con.Batch("observables"), con.Batch(""), con.Batch("work_notes"))
	}
	if err := con.AddComments(t.Context(), ref, []connector.Comment{note("one", "")}); err != nil || len(in.Journal) != 0 {
		t.Errorf("a work note: %v", err)
	}
	if _, batches := app.open(t, fake, nil).(connector.Batcher); batches {
		t.Error("ITSM has something to add together")
	}
	fake.Delete(ref.ID)
	wantError(t, con.AddComments(t.Context(), ref, cs), connector.NotFound, connector.NotApplied, "")
}

// ServiceNow's limit is the user's: the whole connector waits, as long as it
// says.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		con := table.open(t, fakeservicenow.New(fakeservicenow.Options{RequestsPerHour: 1}), nil)
		ref := made(t, con)
		<-time.After(10 * time.Minute)
		err := con.AddComment(t.Context(), ref, note("one", ""))
		wantError(t, err, connector.RateLimited, connector.NotApplied, "Rate limit of 1 requests per hour")
		if e := connector.AsError("", err); e.RetryAfter != 50*time.Minute || e.Scope != connector.WholeTracker {
			t.Errorf("%+v", e)
		}
	})
}

// A duplicate is closed as the delivery keys say, in the write that takes the
// mark off, since closed incidents may refuse more.
func TestDuplicateIsClosed(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]flavour{"table": table, "import": app} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := fakeservicenow.New(fakeservicenow.Options{Closed: fakeservicenow.ClosedRefuses})
			con := f.open(t, fake, map[string]any{"duplicate_state": "7", "duplicate_close_code": "Duplicate", "duplicate_close_notes": "Twice."}).(connector.Deduplicator)
			spare, keep := made(t, con), made(t, con)
			for range 2 {
				if err := con.RetireDuplicate(t.Context(), caseID, keep, spare); err != nil {
					t.Fatal(err)
				}
			}
			in, _ := fake.Incident(spare.ID)
			if in.Fields["state"] != "7" || in.Fields["close_code"] != "Duplicate" || in.Fields["correlation_id"] == caseID.CaseID {
				t.Errorf("%v", in.Fields)
			}
			if notes := in.Notes("work_notes"); len(notes) != 1 || !strings.Contains(notes[0], keep.Title+": "+keep.URL) {
				t.Errorf("work notes %q", notes)
			}
		})
	}
}
