package ops_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// desk is an operator's place at a queue where nobody works.
type desk struct {
	*ops.Ops
	conn *stream.Conn
	url  string
}

// there are the connectors that exist.
type there []string

func (t there) Target(_ context.Context, id string) (push.Target, error) {
	switch {
	case id == "siem-other":
		return push.Target{}, fmt.Errorf("%q: %w", ".other", push.ErrUnsupportedType)
	case !slices.Contains(t, id):
		return push.Target{}, push.ErrConnectorNotFound
	}
	return push.Target{}, nil
}

func newDesk(t *testing.T) desk {
	t.Helper()
	server, err := stream.StartEmbedded(stream.EmbeddedOptions{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	conn, err := stream.Connect(t.Context(), stream.Options{Embedded: server})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return desk{ops.New(ops.Options{Conn: conn, Connectors: there{"soc-jira"}}), conn, server.URL()}
}

// publish gives an event and its sequence.
func (d desk) publish(t *testing.T, caseID string) uint64 {
	t.Helper()
	r, err := d.Publish(t.Context(), event.Event{CaseID: caseID})
	if err != nil {
		t.Fatal(err)
	}
	return r.Seq
}

// entry stores an entry.
func (d desk) entry(t *testing.T, key ledger.Key, e ledger.Entry) ledger.Revision {
	t.Helper()
	_, rev, err := d.conn.Ledger().Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, rev, err = ledger.Write(t.Context(), d.conn.Ledger(), key, e, rev); err != nil {
		t.Fatal(err)
	}
	return rev
}

// letter stores a dead letter and returns it.
func (d desk) letter(t *testing.T, l push.DeadLetter) ops.DeadLetter {
	t.Helper()
	if l.SpaceID == "" {
		l.SpaceID = event.DefaultSpace
	}
	if l.EventStream == "" {
		l.EventStream = d.conn.Incarnation()
	}
	if err := d.conn.DeadLetters().Put(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	var stored ops.DeadLetter
	if err := d.DeadLetters(t.Context(), ops.DeadLetterFilter{}, func(l ops.DeadLetter) error {
		stored = l
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return stored
}

// jobs is what waits on the queue of a connector.
func (d desk) jobs(t *testing.T, connector string) uint64 {
	t.Helper()
	ids, err := d.conn.Queues(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if connector != "" && !slices.Contains(ids, connector) {
		return 0
	}
	var n uint64
	ctx, done := context.WithCancel(t.Context())
	defer done()
	if err := d.conn.Consume(ctx, stream.Work{Connector: connector, InFlight: 1, Do: func(_ context.Context, j push.Job) (push.Verdict, error) {
		n++
		if j.Stream != d.conn.Incarnation() || j.Seq == 0 {
			t.Errorf("job without a position: %+v", j)
		}
		done()
		return push.Verdict{Action: push.Done}, nil
	}}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRedrive(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	seq := d.publish(t, "c-1")
	l := d.letter(t, push.DeadLetter{ConnectorID: "soc-jira", CaseID: "c-1", EventSeq: seq, Stage: push.StageCreate, Reason: push.ReasonRejected})
	if err := d.CheckRedrive(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if err := d.Redrive(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if n := d.jobs(t, "soc-jira"); n != 1 {
		t.Errorf("%d jobs", n)
	}
	if _, err := d.DeadLetter(t.Context(), l.ID); err != nil {
		t.Errorf("the dead letter went before its push had succeeded: %v", err)
	}
}

func TestRedriveOfAnEventThatWasNeverRouted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	l := d.letter(t, push.DeadLetter{CaseID: "c-1", EventSeq: d.publish(t, "c-1"), Stage: push.StageCase, Reason: push.ReasonCaseNotFound})
	if err := d.Redrive(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if n := d.jobs(t, ""); n != 1 {
		t.Errorf("%d jobs", n)
	}
	if _, err := d.DeadLetter(t.Context(), l.ID); !errors.Is(err, stream.ErrNoDeadLetter) {
		t.Errorf("the dead letter is still there: %v", err)
	}
}

func TestRedriveRefusals(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	seq := d.publish(t, "c-1")
	d.entry(t, ledger.Key{Connector: "soc-jira", Space: "default", Case: "blocked"}, ledger.Entry{Blocked: true})
	raw, err := nats.Connect(d.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(raw.Close)
	if _, err := raw.Request(d.conn.Names().Event("default", "broken"), []byte("{"), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		letter push.DeadLetter
		want   error
	}{
		{"no such connector", push.DeadLetter{ConnectorID: "gone", CaseID: "c-1", EventSeq: seq}, ops.ErrSameAgain},
		{"type not supported", push.DeadLetter{ConnectorID: "siem-other", CaseID: "c-1", EventSeq: seq}, ops.ErrSameAgain},
		{"uncertain", push.DeadLetter{ConnectorID: "soc-jira", CaseID: "blocked", EventSeq: seq}, ops.ErrUncertain},
		{"event gone", push.DeadLetter{CaseID: "c-1", EventSeq: 99}, ops.ErrSameAgain},
		{"event of another stream", push.DeadLetter{CaseID: "c-1", EventSeq: seq, EventStream: "older"}, ops.ErrSameAgain},
		{"malformed", push.DeadLetter{CaseID: "broken", EventSeq: seq + 1}, ops.ErrSameAgain},
		{"too large", push.DeadLetter{CaseID: "c-1", EventSeq: seq, Reason: push.ReasonTooLarge}, ops.ErrSameAgain},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := d.letter(t, c.letter)
			if err := d.Redrive(t.Context(), l); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if _, err := d.DeadLetter(t.Context(), l.ID); err != nil {
				t.Error(err)
			}
		})
	}
	b, err := d.conn.Queues(t.Context())
	if err != nil || len(b) > 0 {
		t.Errorf("queues with jobs: %v %v", b, err)
	}
}

func TestPublishAwaited(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, err := d.PublishAwaited(t.Context(), event.Event{CaseID: "c-1", ID: "id-1", ConnectorID: "soc-jira"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if again, err := d.Publish(t.Context(), event.Event{CaseID: "c-1", ID: "id-1"}); err != nil || !again.Duplicate || again.Seq != a.Seq {
		t.Errorf("the same event again: %+v %v", again, err)
	}
	older := push.Result{SpaceID: "default", CaseID: "c-1", EventSeq: a.Seq - 1, Outcome: push.Unchanged}
	elsewhere := push.Result{SpaceID: "default", CaseID: "c-1", ConnectorID: "other", EventSeq: a.Seq + 1, ThroughSeq: a.Seq + 1, Outcome: push.DeadLettered}
	right := push.Result{SpaceID: "default", CaseID: "c-1", ConnectorID: "soc-jira", EventSeq: a.Seq + 2, ThroughSeq: a.Seq + 2, Outcome: push.Pushed}
	for _, r := range []push.Result{older, elsewhere, right} {
		if err := d.conn.Results().Publish(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := a.Outcome(t.Context()); err != nil || got.Outcome != push.Pushed {
		t.Errorf("%+v %v", got, err)
	}
}

func TestIncidents(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	plan := &ledger.Plan{Create: true, Comments: []ledger.Mark{{ID: "m1"}}}
	for id, e := range map[string]ledger.Entry{
		"ok":        {Incident: &ledger.Incident{ID: "1", Title: "HMS-1"}, Last: &ledger.Outcome{Outcome: "pushed"}},
		"retry":     {Retry: &ledger.Retry{Attempts: 2}},
		"dead":      {Dead: true},
		"claimed":   {Claim: &ledger.Claim{Owner: "w", Lease: time.Minute}, Plan: plan},
		"uncertain": {Plan: plan, Retry: &ledger.Retry{Attempts: 1}},
		"blocked":   {Plan: plan, Blocked: true, Dead: true},
		"abandoned": {Claim: &ledger.Claim{Owner: "w", Lease: time.Nanosecond}, Plan: plan},
	} {
		d.entry(t, ledger.Key{Connector: "soc-jira", Space: "default", Case: id}, e)
	}
	d.entry(t, ledger.Key{Connector: "other/one", Space: "s", Case: "ok"}, ledger.Entry{Dead: true})
	list := func(f ops.IncidentFilter) []string {
		var got []string
		if err := d.Incidents(t.Context(), f, func(i ops.Incident) error {
			got = append(got, i.ConnectorID+" "+i.CaseID+" "+string(i.State))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		return got
	}
	for _, c := range []struct {
		filter ops.IncidentFilter
		want   []string
	}{
		{ops.IncidentFilter{Connector: "soc-jira"}, []string{
			"soc-jira abandoned claimed", "soc-jira blocked uncertain", "soc-jira claimed claimed", "soc-jira dead dead",
			"soc-jira ok ok", "soc-jira retry retry", "soc-jira uncertain uncertain",
		}},
		{ops.IncidentFilter{Uncertain: true}, []string{"soc-jira abandoned claimed", "soc-jira blocked uncertain", "soc-jira uncertain uncertain"}},
		{ops.IncidentFilter{Case: "ok"}, []string{"other/one ok dead", "soc-jira ok ok"}},
		{ops.IncidentFilter{Space: "s"}, []string{"other/one ok dead"}},
		{ops.IncidentFilter{Connector: "other/one", Case: "ok", Space: "s"}, []string{"other/one ok dead"}},
		{ops.IncidentFilter{Connector: "other/one", Case: "ok"}, []string{"other/one ok dead"}},
		{ops.IncidentFilter{Connector: "other/one", Case: "ok", Space: "default"}, nil},
		{ops.IncidentFilter{Dead: true}, []string{"other/one ok dead", "soc-jira blocked uncertain", "soc-jira dead dead"}},
		{ops.IncidentFilter{Waiting: true, Connector: "soc-jira"}, []string{"soc-jira retry retry", "soc-jira uncertain uncertain"}},
		{ops.IncidentFilter{Waiting: true, Dead: true, Connector: "other/one"}, []string{"other/one ok dead"}},
		{ops.IncidentFilter{Connector: "soc-jira", Case: "ok", Uncertain: true}, nil},
	} {
		if diff := cmp.Diff(c.want, list(c.filter)); diff != "" {
			t.Errorf("%+v: %s", c.filter, diff)
		}
	}
}

// Every reason tells what can be done beyond trying again.
func TestMend(t *testing.T) {
	t.Parallel()
	for _, r := range push.Reasons() {
		text := ops.Mend(ops.DeadLetter{ID: 17, DeadLetter: push.DeadLetter{ConnectorID: "soc-jira", SpaceID: "s", CaseID: "c-1", Reason: r}})
		if text == "then: casepush dlq redrive 17" {
			t.Errorf("%s: nothing said", r)
		}
	}
}
