package ops_test

import (
	"testing"
	"time"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
)

// A first push may have a thousand comments in flight: some are named.
func TestUncertainInWords(t *testing.T) {
	t.Parallel()
	for want, u := range map[string]ops.Uncertain{
		"":                                    {},
		`the create, an update, comment "m1"`: {Create: true, Update: true, Comments: []string{"m1"}},
		`3 comments: "m1", "m2", "m3"`:        {Comments: []string{"m1", "m2", "m3"}},
		`5 comments: "m1", "m2", "m3", …`:     {Comments: []string{"m1", "m2", "m3", "m4", "m5"}},
	} {
		if got := u.String(); got != want {
			t.Errorf("%+v: %q, want %q", u, got, want)
		}
	}
}

// A result's dead letter is the newest of the very case, connector and reason.
func TestDeadLetterOf(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r := push.Result{ConnectorID: "soc-jira", SpaceID: "default", CaseID: "c-1", Outcome: push.DeadLettered, Reason: push.ReasonRejected}
	if _, ok, err := d.DeadLetterOf(t.Context(), r); ok || err != nil {
		t.Errorf("found one in an empty queue: %v", err)
	}
	for _, l := range []push.DeadLetter{
		{ConnectorID: "soc-jira", CaseID: "c-1", Reason: push.ReasonRejected, Message: "older"},
		{ConnectorID: "soc-jira", CaseID: "c-1", Reason: push.ReasonRejected, Message: "newer"},
		{ConnectorID: "other", CaseID: "c-1", Reason: push.ReasonRejected, Message: "of another connector"},
		{ConnectorID: "soc-jira", CaseID: "c-1", SpaceID: "soc", Reason: push.ReasonRejected, Message: "of another space"},
		{ConnectorID: "soc-jira", CaseID: "c-2", Reason: push.ReasonRejected, Message: "of another case"},
		{CaseID: "c-1", Reason: push.ReasonNoConnector, Message: "of none"},
	} {
		d.letter(t, l)
	}
	if got, ok, err := d.DeadLetterOf(t.Context(), r); !ok || err != nil || got.Message != "newer" {
		t.Errorf("%+v %v %v", got, ok, err)
	}
	r.ConnectorID = ""
	if got, ok, err := d.DeadLetterOf(t.Context(), r); ok || err != nil {
		t.Errorf("of no connector: %+v %v", got, err)
	}
	r.Reason = push.ReasonNoConnector
	if got, ok, err := d.DeadLetterOf(t.Context(), r); !ok || err != nil || got.Message != "of none" {
		t.Errorf("%+v %v %v", got, ok, err)
	}
}

// What a second look is owed, and what one has found, is told.
func TestIncidentDuplicates(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	d.entry(t, key, ledger.Entry{
		Incident: &ledger.Incident{ID: "1"}, Verify: &ledger.Verify{At: at},
		Duplicates: []ledger.Incident{{ID: "2", Title: "HMS-2", URL: "https://hms.example/2", At: at}},
	})
	err := d.Incidents(t.Context(), ops.IncidentFilter{}, func(i ops.Incident) error {
		want := ops.Duplicate{IncidentID: "2", Title: "HMS-2", URL: "https://hms.example/2", FoundAt: at}
		if !i.SecondLook.Equal(at) || len(i.Duplicates) != 1 || i.Duplicates[0] != want {
			t.Errorf("%+v", i)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
