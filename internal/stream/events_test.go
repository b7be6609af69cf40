package stream_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// TestMailbox: of interleaved cases each reads its own events alone, from
// where it asks, at most so many, and always the newest.
func TestMailbox(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	all := map[string][]uint64{}
	for n := range 6 {
		for _, id := range []string{"a", "b", "ab"} {
			all[id] = append(all[id], publish(t, c, snapshot(id, fmt.Sprint(n))))
		}
	}
	all["other"] = []uint64{publish(t, c, event.Event{CaseID: "a", SpaceID: "other"})}
	for _, tt := range []struct {
		space, id string
		after     uint64
		limit     int
		want      []uint64
	}{
		{"default", "a", 0, 100, all["a"]},
		{"default", "b", 0, 100, all["b"]},
		{"default", "ab", 0, 100, all["ab"]},
		{"other", "a", 0, 100, all["other"]},
		{"default", "a", all["a"][2], 100, all["a"][3:]},
		{"default", "a", all["a"][2] + 1, 100, all["a"][3:]}, // another case's event is in between
		{"default", "a", 0, 2, all["a"][4:]},
		{"default", "a", 0, 1, all["a"][5:]},
		{"default", "a", all["a"][5], 100, all["a"][5:]}, // the newest is always read
		{"default", "a", 1 << 40, 100, all["a"][5:]},
	} {
		mails, head, err := c.Events(t.Context(), tt.space, tt.id, tt.after, tt.limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []uint64
		for _, m := range mails {
			got = append(got, m.Seq)
			if m.Err != nil || m.Event.CaseID != tt.id || m.Event.SpaceID != tt.space {
				t.Errorf("%s/%s: mail %+v", tt.space, tt.id, m)
			}
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s/%s after %d, at most %d (-want +got):\n%s", tt.space, tt.id, tt.after, tt.limit, d)
		}
		if head.Seq != tt.want[len(tt.want)-1] || head.Stream != c.Incarnation() {
			t.Errorf("%s/%s: head %+v", tt.space, tt.id, head)
		}
	}
	mails, head, err := c.Events(t.Context(), "default", "unknown", 0, 100)
	if err != nil || len(mails) != 0 || head.Seq != 0 || head.Stream != c.Incarnation() {
		t.Errorf("no events: %v, %+v, %v", mails, head, err)
	}
}

// TestLongMailbox: of many events at once all are read, in their order, or the
// newest of them; directly, and by asking the leader as on a cluster.
func TestLongMailbox(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*stream.Conn{"direct": fresh(t), "leader": freshWithoutDirect(t)} {
		const events = 150
		var all []uint64
		for n := range events {
			all = append(all, publish(t, c, snapshot("many", fmt.Sprint(n))))
			publish(t, c, snapshot("other", fmt.Sprint(n)))
		}
		for after, limit := range map[int]int{0: 256, 1: 256, 64: 256, 65: 256, events - 2: 256, 3: 10} {
			from := uint64(0)
			if after > 0 {
				from = all[after-1]
			}
			mails, head, err := c.Events(t.Context(), "default", "many", from, limit)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			want := all[max(after, events-limit):]
			var got []uint64
			for _, m := range mails {
				got = append(got, m.Seq)
			}
			if d := cmp.Diff(want, got); d != "" || head.Seq != all[events-1] {
				t.Errorf("%s: after %d, at most %d, head %d (-want +got):\n%s", name, after, limit, head.Seq, d)
			}
		}
	}
}

// freshWithoutDirect is a queue whose event stream has no direct reads.
func freshWithoutDirect(t *testing.T) *stream.Conn {
	t.Helper()
	s := startServer(t, stream.EmbeddedOptions{Dir: t.TempDir()})
	c := connect(t, stream.Options{Embedded: s})
	c.WithoutDirect(t)
	return connect(t, stream.Options{Embedded: s})
}

// TestMailboxMalformed: an event that cannot be read says so and hides no other.
func TestMailboxMalformed(t *testing.T) {
	t.Parallel()
	server := startServer(t, stream.EmbeddedOptions{Listen: "127.0.0.1:0"})
	c := connect(t, stream.Options{Embedded: server})
	publish(t, c, snapshot("a", "one"))
	request(t, client(t, server), "casepush.push.default.a", "no JSON")
	publish(t, c, snapshot("a", "two"))
	mails, _, err := c.Events(t.Context(), "default", "a", 0, 10)
	if err != nil || len(mails) != 3 {
		t.Fatalf("%+v, %v", mails, err)
	}
	if mails[0].Err != nil || mails[1].Err == nil || mails[2].Err != nil {
		t.Errorf("errors: %v, %v, %v", mails[0].Err, mails[1].Err, mails[2].Err)
	}
}

func TestPublishDeduplicates(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	e := snapshot("a", "one")
	e.ID = "id-1"
	first, dup, err := c.Publish(t.Context(), e)
	if err != nil || dup {
		t.Fatalf("first: %d, %t, %v", first, dup, err)
	}
	again, dup, err := c.Publish(t.Context(), e)
	if err != nil || !dup || again != first {
		t.Errorf("the same id again: %d, %t, %v, want %d", again, dup, err, first)
	}
	for range 2 { // without an id nothing is the same
		e.ID = ""
		next, dup, err := c.Publish(t.Context(), e)
		if err != nil || dup || next <= again {
			t.Errorf("without an id: %d, %t, %v", next, dup, err)
		}
		again = next
	}
	in, id, ok, err := c.Event(t.Context(), first)
	if err != nil || !ok || id != "id-1" || in.Seq != first || in.Case != "a" || in.Err != nil {
		t.Errorf("read back: %+v, %q, %t, %v", in, id, ok, err)
	}
	if _, id, _, _ := c.Event(t.Context(), again); id != fmt.Sprintf("CASEPUSH_EVENTS:%d", again) {
		t.Errorf("id of an event without one: %q", id)
	}
	if _, _, ok, err := c.Event(t.Context(), again+1); ok || err != nil {
		t.Errorf("an event that is not there: %t, %v", ok, err)
	}
}

// TestPublishRefusesTooLarge: before it is sent, with what to do about it.
func TestPublishRefusesTooLarge(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	_, _, err := c.Publish(t.Context(), snapshot("a", strings.Repeat("x", int(c.MaxPayload()))))
	if err == nil || !strings.Contains(err.Error(), `case "a"`) || !strings.Contains(err.Error(), "without its case") {
		t.Errorf("%v", err)
	}
	if seq := publish(t, c, snapshot("a", strings.Repeat("x", 5<<20))); seq != 1 {
		t.Errorf("a case of 5 MiB has sequence %d", seq)
	}
}

// TestRouteSubjects: an event whose subject is not <prefix>.push.<space>.<case>
// belongs to no mailbox, so it is malformed and never routed by a part of it.
func TestRouteSubjects(t *testing.T) {
	t.Parallel()
	server := startServer(t, stream.EmbeddedOptions{Listen: "127.0.0.1:0"})
	c := connect(t, stream.Options{Embedded: server})
	nc := client(t, server)
	bad := []string{"casepush.push.c-1", "casepush.push.a.default.c-1", "casepush.push.default.=Yy0x", "casepush.push.default.b@d"}
	for _, subject := range bad {
		request(t, nc, subject, `{"case_id":"c-1"}`)
	}
	request(t, nc, "casepush.push.default.c-1", `{"case_id":"c-1"}`)
	got := make(chan stream.Incoming, 16)
	run(t, func(ctx context.Context) error {
		return c.Route(ctx, func(_ context.Context, in stream.Incoming, _ string) error {
			got <- in
			return nil
		})
	})
	bySeq := map[uint64]stream.Incoming{}
	for range len(bad) + 1 {
		in := receive(t, "event", got)
		bySeq[in.Seq] = in
	}
	for i, subject := range bad {
		in := bySeq[uint64(i+1)]
		if in.Err == nil {
			t.Errorf("%q: taken as an event of case %q in space %q", subject, in.Event.CaseID, in.Event.SpaceID)
		}
	}
	if in := bySeq[uint64(len(bad)+1)]; in.Err != nil || in.Space != "default" || in.Case != "c-1" {
		t.Errorf("a good event: %+v", in)
	}
	// Whoever publishes the dead letter gives the subject's own words back.
	if in := bySeq[3]; in.Case != "=Yy0x" {
		t.Errorf("case of subject %q: %q", bad[2], in.Case)
	}
}

// TestRouteRepeats: an event whose call failed comes again, and one that was
// done does not, not even for a second worker.
func TestRouteRepeats(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	publish(t, c, snapshot("a", "one"))
	calls := make(chan uint64, 16)
	failing := true
	r := run(t, func(ctx context.Context) error {
		return c.Route(ctx, func(_ context.Context, in stream.Incoming, _ string) error {
			calls <- in.Seq
			if failing {
				failing = false
				return fmt.Errorf("not yet")
			}
			return nil
		})
	})
	if a, b := receive(t, "first call", calls), receive(t, "second call", calls); a != 1 || b != 1 {
		t.Errorf("calls for %d and %d", a, b)
	}
	r.end()
	publish(t, c, snapshot("a", "two"))
	run(t, func(ctx context.Context) error {
		return c.Route(ctx, func(_ context.Context, in stream.Incoming, _ string) error {
			calls <- in.Seq
			return nil
		})
	})
	if seq := receive(t, "call", calls); seq != 2 {
		t.Errorf("a second worker got event %d, want 2", seq)
	}
	eventually(t, "routed", func() bool {
		b, err := c.Backlog(t.Context())
		return err == nil && b.Events == 0
	})
}

var _ push.Mailbox = (*stream.Conn)(nil)
