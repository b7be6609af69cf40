package ops_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// testPatience is longer than anything takes that a test waits for.
const testPatience = time.Minute

// signposts resolve events by themselves: cases are Kibana's word for those
// that say nothing.
type signposts struct {
	conn  *stream.Conn
	cases map[string]string // case id to connector id; "" is none
	errs  map[string]error
	asked []string
}

func (s *signposts) Named(in stream.Incoming, id string) (push.Job, push.Reason, error) {
	if in.Err != nil {
		return push.Job{}, push.ReasonMalformed, in.Err
	}
	return push.Job{
		Kind: push.KindPush, Connector: in.Event.ConnectorID, Space: in.Event.SpaceID, Case: in.Event.CaseID, Owner: in.Event.Owner,
		Seq: in.Seq, Stream: s.conn.Incarnation(), EventID: id, StoredAt: in.StoredAt, Trace: in.Event.TraceParent,
	}, "", nil
}

func (s *signposts) Resolve(_ context.Context, in stream.Incoming, id string) (push.Job, error) {
	j, _, err := s.Named(in, id)
	if err == nil && j.Connector == "" {
		s.asked = append(s.asked, j.Case)
		j.Connector, err = s.cases[j.Case], s.errs[j.Case]
	}
	return j, err
}

// history is a desk with events, and what is known of their connectors.
type history struct {
	desk
	by *signposts
}

func newHistory(t *testing.T) history {
	t.Helper()
	d := newDesk(t)
	d.Ops = ops.New(ops.Options{Conn: d.conn, Connectors: there{"a", "b"}})
	return history{d, &signposts{conn: d.conn, cases: map[string]string{}, errs: map[string]error{}}}
}

// events stores one for each word: case, case>connector, or case! for what is
// no event.
func (h history) events(t *testing.T, words ...string) {
	t.Helper()
	for _, w := range words {
		if id, broken := strings.CutSuffix(w, "!"); broken {
			h.broken(t, id)
			continue
		}
		id, to, _ := strings.Cut(w, ">")
		e := event.Event{CaseID: id, ConnectorID: to, Owner: "cases", TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
		if _, err := h.Publish(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func (h history) broken(t *testing.T, caseID string) {
	t.Helper()
	raw, err := nats.Connect(h.url)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.Request(h.conn.Names().Event("default", caseID), []byte("{"), 5*time.Second); err != nil {
		t.Fatal(err)
	}
}

// selected is a replay in words: connector/case@newest×events, and what is left
// as reason:connector:events/cases.
func (h history) selected(t *testing.T, f ops.ReplayFilter) (jobs, left []string) {
	t.Helper()
	r, err := h.SelectReplay(t.Context(), f, h.by, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range r.Jobs {
		jobs = append(jobs, fmt.Sprintf("%s/%s@%d×%d", j.Connector, j.Case, j.Seq, j.Span.Events))
		if j.Kind != push.KindReplay || j.ReplayOf != r.ID || j.Stream != h.conn.Incarnation() || j.Owner != "cases" ||
			j.EventID != fmt.Sprintf("CASEPUSH_EVENTS:%d", j.Seq) || j.Trace != "" || !j.StoredAt.IsZero() {
			t.Errorf("job %+v", j.Job)
		}
	}
	for _, l := range r.Left {
		left = append(left, fmt.Sprintf("%s:%s:%d/%d", l.Reason, l.Connector, l.Events, l.Cases))
		if l.Err == nil {
			t.Errorf("%s is left without a word", l.Reason)
		}
	}
	return jobs, left
}

func TestSelectReplay(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.by.cases = map[string]string{"thin": "b"}
	h.by.errs["denied"] = &connector.Error{Kind: connector.NotFound, Effect: connector.NotApplied, Err: errors.New("no such case")}
	// 1..12; the last one is on a subject that no event has
	h.events(t, "x>a", "x>b", "y>a", "x>a", "y!", "thin", "thin", "nobody", "z>gone", "z>siem-other", "denied", "=a$!")
	h.entry(t, ledger.Key{Connector: "a", Space: "default", Case: "y"}, ledger.Entry{Blocked: true})
	for _, c := range []struct {
		name       string
		filter     ops.ReplayFilter
		jobs, left []string
	}{
		{
			"all",
			ops.ReplayFilter{},
			[]string{"b/x@2×1", "a/x@4×2", "b/thin@7×2"},
			[]string{"case_not_found::1/1", "connector_not_found:gone:1/1", "malformed::2/0", "no_connector::1/0", "uncertain:a:1/1", "unsupported_connector_type:siem-other:1/1"},
		},
		{"range", ops.ReplayFilter{Past: stream.Past{FromSeq: 2, ToSeq: 3}}, []string{"b/x@2×1"}, []string{"uncertain:a:1/1"}},
		{"case", ops.ReplayFilter{Past: stream.Past{Case: "x"}}, []string{"b/x@2×1", "a/x@4×2"}, nil},
		{"space without events", ops.ReplayFilter{Past: stream.Past{Space: "other"}}, nil, nil},
		{"beyond the newest", ops.ReplayFilter{Past: stream.Past{FromSeq: 99}}, nil, nil},
		{"connector", ops.ReplayFilter{Connector: "b"}, []string{"b/x@2×1", "b/thin@7×2"}, []string{"case_not_found::1/1", "malformed::2/0"}},
		{"gone connector to another", ops.ReplayFilter{Connector: "gone", To: "b"}, []string{"b/z@9×1"}, []string{"case_not_found::1/1", "malformed::2/0"}},
		// Nobody is asked where events went: what cannot be read is passed over.
		{
			"all to one",
			ops.ReplayFilter{To: "b"},
			[]string{"b/y@3×1", "b/x@4×3", "b/thin@7×2", "b/nobody@8×1", "b/z@10×2", "b/denied@11×1"},
			[]string{"malformed::2/0"},
		},
		{"case of which nothing can be read", ops.ReplayFilter{To: "b", Past: stream.Past{FromSeq: 5, ToSeq: 5}}, nil, []string{"malformed::1/0"}},
	} {
		jobs, left := h.selected(t, c.filter)
		if diff := cmp.Diff([][]string{c.jobs, c.left}, [][]string{jobs, left}); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// Kibana is asked once for a case, however many of its events do not say where
// they go, and not at all where that makes no difference.
func TestSelectReplayAsksOnce(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.by.cases = map[string]string{"one": "a", "two": "b"}
	h.events(t, "one", "two", "one", "one", "two>b", "one")
	if jobs, _ := h.selected(t, ops.ReplayFilter{}); !slices.Equal(jobs, []string{"b/two@5×2", "a/one@6×4"}) {
		t.Errorf("%q", jobs)
	}
	if want := []string{"two", "one"}; !slices.Equal(h.by.asked, want) {
		t.Errorf("asked for %q, want %q", h.by.asked, want)
	}
	h.by.asked = nil
	h.selected(t, ops.ReplayFilter{To: "a"})
	if len(h.by.asked) > 0 {
		t.Errorf("asked for %q", h.by.asked)
	}
}

// What may pass ends a selection: nothing is left out for an outage.
func TestSelectReplayDuringAnOutage(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.events(t, "one>a", "two")
	for _, kind := range []connector.Kind{connector.Transient, connector.RateLimited, connector.Unauthenticated} {
		h.by.errs["two"] = &connector.Error{Kind: kind, Err: errors.New("not now")}
		if r, err := h.SelectReplay(t.Context(), ops.ReplayFilter{}, h.by, nil); !errors.Is(err, h.by.errs["two"]) {
			t.Errorf("%v: %+v, %v", kind, r, err)
		}
	}
}

func TestSelectReplayTellsProgress(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.by.cases["two"] = "b"
	h.events(t, "one>a", "two", "one>a")
	var steps []string
	_, err := h.SelectReplay(t.Context(), ops.ReplayFilter{}, h.by, func(step string, done, total uint64) {
		steps = append(steps, fmt.Sprintf("%s %d/%d", step, done, total))
	})
	want := []string{"reading events 1/3", "reading events 2/3", "reading events 3/3", "finding connectors 0/1", "reading the ledger 0/2", "reading the ledger 1/2"}
	if err != nil || !slices.Equal(steps, want) {
		t.Errorf("%q, %v", steps, err)
	}
}

// queued are the jobs on the queues, oldest first.
func (h history) queued(t *testing.T) []push.Job {
	t.Helper()
	nc, err := nats.Connect(h.url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	info, err := js.StreamInfo(h.conn.Names().Work())
	if err != nil {
		t.Fatal(err)
	}
	var jobs []push.Job
	for seq := info.State.FirstSeq; info.State.Msgs > 0 && seq <= info.State.LastSeq; seq++ {
		m, err := js.GetMsg(h.conn.Names().Work(), seq)
		if err != nil {
			t.Fatal(err)
		}
		var j push.Job
		if err := json.Unmarshal(m.Data, &j); err != nil {
			t.Fatal(err)
		}
		if m.Header.Get(nats.MsgIdHdr) != "" {
			t.Error("a job with a message id can be dropped as a duplicate of a needed one")
		}
		jobs = append(jobs, j)
	}
	return jobs
}

func TestQueueReplay(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.events(t, "one>a", "two>b", "three>a", "four>a", "two>b")
	r, err := h.SelectReplay(t.Context(), ops.ReplayFilter{}, h.by, nil)
	if err != nil {
		t.Fatal(err)
	}
	begun, told := time.Now(), []string{}
	n, err := h.QueueReplay(t.Context(), r, 40, func(j ops.ReplayJob) { told = append(told, j.Case) })
	if err != nil || n != 4 || !slices.Equal(told, []string{"one", "three", "four", "two"}) {
		t.Errorf("%d, %v, %q", n, err, told)
	}
	if took := time.Since(begun); took < 75*time.Millisecond {
		t.Errorf("4 jobs at 40 a second took %s", took)
	}
	var want []push.Job
	for _, j := range r.Jobs {
		want = append(want, j.Job)
		want[len(want)-1].Format = push.Format
	}
	if diff := cmp.Diff(want, h.queued(t)); diff != "" {
		t.Error(diff)
	}
}

// However often a replay is interrupted and resumed, each job is queued once,
// also when new events come meanwhile.
func TestResumedReplayCoversAll(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.by.cases = map[string]string{"c0": "a", "c1": "b", "c2": "a", "c3": "b"}
	rapid.Check(t, func(rt *rapid.T) {
		extent, err := h.conn.Extent(t.Context())
		if err != nil {
			rt.Fatal(err)
		}
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"c0", "c0>b", "c1", "c1>a", "c2", "c2>b", "c3", "c3!"}), 1, 9).Draw(rt, "events")
		h.events(t, words...)
		f := ops.ReplayFilter{Past: stream.Past{FromSeq: extent.Last + 1}, To: rapid.SampledFrom([]string{"", "b"}).Draw(rt, "to")}
		whole := h.mustSelect(rt, f)
		var got []ledger.Key
		for r := whole; ; r = h.mustSelect(rt, f) {
			n := rapid.IntRange(0, len(r.Jobs)).Draw(rt, "queued before the interrupt")
			for _, j := range r.Jobs[:n] {
				got = append(got, j.Key())
			}
			if n == len(r.Jobs) {
				break
			}
			f.FromSeq, f.ToSeq = r.Rest(n)
			h.events(t, rapid.SampledFrom(words).Draw(rt, "new"))
		}
		var want []ledger.Key
		for _, j := range whole.Jobs {
			want = append(want, j.Key())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Errorf("events %q: %s", words, diff)
		}
	})
}

func (h history) mustSelect(rt *rapid.T, f ops.ReplayFilter) *ops.Replay {
	r, err := h.SelectReplay(context.Background(), f, h.by, nil)
	if err != nil {
		rt.Fatal(err)
	}
	return r
}

func TestResumeCommand(t *testing.T) {
	t.Parallel()
	r := &ops.Replay{Jobs: []ops.ReplayJob{{Job: push.Job{Seq: 3}}, {Job: push.Job{Seq: 5}}, {Job: push.Job{Seq: 9}}}}
	f := ops.ReplayFilter{Past: stream.Past{Since: time.Now(), Case: "c", Space: "s"}, Connector: "it's", To: "b"}
	got := r.ResumeCommand(1, f, "--rate=7")
	if want := `casepush replay --from-seq 5 --to-seq 9 --case c --space-id s --connector 'it'\''s' --to b --rate=7`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestAwaitReplay(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.events(t, "one>a", "two>b", "three>a", "four>a")
	r, err := h.SelectReplay(t.Context(), ops.ReplayFilter{}, h.by, nil)
	if err != nil {
		t.Fatal(err)
	}
	tell := func(connector, caseID string, seq, through uint64, o push.Outcome) {
		t.Helper()
		if err := h.conn.Results().Publish(t.Context(), push.Result{
			SpaceID: "default", CaseID: caseID, ConnectorID: connector, EventSeq: seq, ThroughSeq: through, Outcome: o, At: time.Now(),
		}); err != nil {
			t.Fatal(err)
		}
	}
	tell("a", "one", 1, 1, push.DeadLettered) // before the replay
	after, err := h.LastResult(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tell("b", "one", 1, 1, push.Pushed)    // another connector's
	tell("a", "three", 2, 2, push.Pushed)  // of an older event
	tell("a", "one", 1, 1, push.Pushed)    // of its own event, and before
	tell("a", "one", 1, 1, push.Unchanged) // the newest
	tell("b", "two", 7, 7, push.Pushed)    // a newer event covers it
	tell("a", "three", 3, 0, push.DeadLettered)
	tell("a", "four", 4, 4, push.Pushed) // of another push: the replay's own job is still there
	if _, err := h.QueueReplay(t.Context(), &ops.Replay{Jobs: r.Jobs[3:]}, 0, func(ops.ReplayJob) {}); err != nil {
		t.Fatal(err)
	}
	var told []string
	hear := func(r push.Result) { told = append(told, r.CaseID+" "+string(r.Outcome)) }
	open, err := h.AwaitReplay(t.Context(), after, r.Jobs, time.Second, hear)
	if err != nil || len(open) != 1 || open[0].Case != "four" || !slices.Equal(told, []string{"one unchanged", "two pushed", "three dead_lettered"}) {
		t.Errorf("%q, %+v, %v", told, open, err)
	}
	tell("a", "four", 4, 4, push.DeadLettered)
	if n := h.jobs(t, "a"); n != 1 {
		t.Fatalf("%d jobs", n)
	}
	told = nil
	if open, err = h.AwaitReplay(t.Context(), after, open, testPatience, hear); err != nil || len(open) > 0 || !slices.Equal(told, []string{"four dead_lettered"}) {
		t.Errorf("%q, %+v, %v", told, open, err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	if open, err = h.AwaitReplay(ctx, after+99, r.Jobs, testPatience, func(push.Result) {}); err == nil || len(open) != 4 {
		t.Errorf("interrupted: %+v, %v", open, err)
	}
}

func TestNewestEvent(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.events(t, "one>a", "one>b", "two>a", "one!")
	j := push.Job{Space: "default", Case: "one", Seq: 1}
	if e, err := h.NewestEvent(t.Context(), j); err != nil || e.ConnectorID != "b" {
		t.Errorf("%+v, %v", e, err)
	}
	j.Seq = 4
	if e, err := h.NewestEvent(t.Context(), j); err == nil {
		t.Errorf("%+v of an event that cannot be read", e)
	}
}
