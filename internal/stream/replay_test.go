package stream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// past lists the sequences that are selected.
func past(t *testing.T, c *stream.Conn, p stream.Past) []uint64 {
	t.Helper()
	var got []uint64
	if err := c.Past(t.Context(), p, func(in stream.Incoming, _ string, _ uint64) error {
		got = append(got, in.Seq)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestPast(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	if e, err := c.Extent(t.Context()); err != nil || e.First <= e.Last || !e.FirstAt.IsZero() {
		t.Errorf("an empty stream: %+v, %v", e, err)
	}
	if got := past(t, c, stream.Past{}); got != nil {
		t.Errorf("events of an empty stream: %v", got)
	}
	for i := range 6 { // 1 and 4 are c-0's, 2 and 5 c-1's, 3 and 6 c-2's
		publish(t, c, event.Event{CaseID: fmt.Sprintf("c-%d", i%3), ID: fmt.Sprintf("id-%d", i)})
	}
	publish(t, c, event.Event{SpaceID: "other", CaseID: "c-0"})
	// What is read without its body is not remembered as an event that says nothing.
	if got := past(t, c, stream.Past{WithoutBodies: true}); len(got) != 7 {
		t.Errorf("without bodies: %v", got)
	}
	at := map[uint64]time.Time{}
	err := c.Past(t.Context(), stream.Past{}, func(in stream.Incoming, id string, rest uint64) error {
		at[in.Seq] = in.StoredAt
		if rest != 7-in.Seq || in.Err != nil || in.Seq < 7 && id != fmt.Sprintf("id-%d", in.Seq-1) {
			t.Errorf("event %d: id %q, rest %d, %v", in.Seq, id, rest, in.Err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if e, err := c.Extent(t.Context()); err != nil || e.First != 1 || e.Last != 7 || !e.FirstAt.Equal(at[1]) {
		t.Errorf("%+v, %v", e, err)
	}
	for _, x := range []struct {
		name string
		past stream.Past
		want []uint64
	}{
		{"all", stream.Past{}, []uint64{1, 2, 3, 4, 5, 6, 7}},
		{"range", stream.Past{FromSeq: 2, ToSeq: 4}, []uint64{2, 3, 4}},
		{"time", stream.Past{Since: at[3], Until: at[5]}, []uint64{3, 4, 5}},
		{"time and sequence", stream.Past{Since: at[3], FromSeq: 5}, []uint64{5, 6, 7}},
		{"case in any space", stream.Past{Case: "c-0"}, []uint64{1, 4, 7}},
		{"case in a space", stream.Past{Case: "c-0", Space: "default"}, []uint64{1, 4}},
		{"end between two of a case", stream.Past{Case: "c-0", ToSeq: 3}, []uint64{1}},
		{"space", stream.Past{Space: "other"}, []uint64{7}},
		{"later", stream.Past{Since: at[7].Add(time.Hour)}, nil},
		{"beyond", stream.Past{FromSeq: 8}, nil},
		{"no such case", stream.Past{Case: "nosuch"}, nil},
		{"before", stream.Past{Until: at[1].Add(-time.Nanosecond)}, nil},
	} {
		if got := past(t, c, x.past); !slices.Equal(got, x.want) {
			t.Errorf("%s: %v, want %v", x.name, got, x.want)
		}
	}
}

func TestPastStopsAndRefuses(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	publish(t, c, snapshot("c-1", "One"))
	publish(t, c, snapshot("c-1", "Two"))
	stop, calls := errors.New("enough"), 0
	err := c.Past(t.Context(), stream.Past{}, func(stream.Incoming, string, uint64) error {
		calls++
		return stop
	})
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
	for _, id := range []string{"a.b", "*", ">", "a b"} {
		if err := c.Past(t.Context(), stream.Past{Case: id}, nil); err == nil {
			t.Errorf("case %q is taken", id)
		}
	}
}

// The largest bodies that the server takes come, though few of them fit into
// what is asked for at once; without bodies the place is all that is told.
func TestPastBodies(t *testing.T) {
	t.Parallel()
	s := startServer(t, stream.EmbeddedOptions{Listen: "127.0.0.1:0"})
	c := connect(t, stream.Options{Embedded: s})
	nc, err := nats.Connect(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	body := bytes.Repeat([]byte("x"), int(c.MaxPayload())) // no event: decoding it ends at once
	const n = 3
	for range n {
		if _, err := nc.Request(c.Names().Event("default", "big"), body, testTimeout); err != nil {
			t.Fatal(err)
		}
	}
	for _, without := range []bool{false, true} {
		got, size := 0, len(body)
		if without {
			size = 0
		}
		if err := c.Past(t.Context(), stream.Past{WithoutBodies: without}, func(in stream.Incoming, _ string, _ uint64) error {
			got++
			if in.Case != "big" || in.Space != "default" || in.StoredAt.IsZero() || in.Size != size {
				t.Errorf("%d bytes of case %q/%q, want %d", in.Size, in.Space, in.Case, size)
			}
			return nil
		}); err != nil || got != n {
			t.Errorf("%d events, %v", got, err)
		}
	}
}

func TestFollowResults(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	tell := func(seq uint64) {
		t.Helper()
		if err := c.Results().Publish(t.Context(), push.Result{SpaceID: "default", CaseID: "c-1", EventSeq: seq}); err != nil {
			t.Fatal(err)
		}
	}
	if last, err := c.LastResult(t.Context()); err != nil || last != 0 {
		t.Errorf("%d, %v", last, err)
	}
	tell(1)
	mark, err := c.LastResult(t.Context())
	if err != nil || mark != 1 {
		t.Errorf("%d, %v", mark, err)
	}
	tell(2) // before anybody follows
	stop := errors.New("enough")
	var got []uint64
	err = c.FollowResults(t.Context(), mark, func(seq uint64, r *push.Result) error {
		switch {
		case r == nil: // nothing more for a while
			return stop
		case r.EventSeq == 2:
			tell(3) // and while somebody does
		}
		got = append(got, seq, r.EventSeq)
		return nil
	})
	if !errors.Is(err, stop) || !slices.Equal(got, []uint64{2, 2, 3, 3}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestHasJob(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	key := ledger.Key{Connector: "soc/jira", Space: event.DefaultSpace, Case: "c-1"}
	want := func(want bool) {
		t.Helper()
		if has, err := c.HasJob(t.Context(), key); err != nil || has != want {
			t.Errorf("%t, %v, want %t", has, err, want)
		}
	}
	want(false)
	putJob(t, c, job(c, key.Connector, "other", 1))
	want(false)
	putJob(t, c, job(c, key.Connector, key.Case, 1))
	want(true)
	verdicts := make(chan push.Verdict, 2)
	verdicts <- push.Verdict{Action: push.Later, At: time.Now().Add(time.Hour)}
	verdicts <- push.Verdict{Action: push.Later, At: time.Now().Add(time.Hour)}
	worked := make(chan string, 2)
	r := run(t, func(ctx context.Context) error {
		return c.Consume(ctx, stream.Work{Connector: key.Connector, InFlight: 1, Do: func(_ context.Context, j push.Job) (push.Verdict, error) {
			worked <- j.Case
			return <-verdicts, nil
		}})
	})
	receive(t, "first job", worked)
	receive(t, "second job", worked)
	r.end()
	want(true) // a wake-up in an hour
}
