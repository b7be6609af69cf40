package connectortest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

// count asks how often the comments are there.
func (b *bench) count(ref connector.Ref, cs []connector.Comment, want ...int) {
	b.Helper()
	if !b.conn.Capabilities().CountComments {
		return
	}
	if counts, err := b.conn.CountComments(b.context(), ref, cs); err != nil || !slices.Equal(counts, want) {
		b.Errorf("counts of %d comments: %v, error %v, want %v", len(cs), counts, err, want)
	}
}

// commentTwice sends one comment three times: each is there, or only the first
// if the tracker is idempotent.
func commentTwice(t testing.TB, h Harness) {
	b := newBench(t, h)
	most := 3
	if b.conn.Capabilities().Idempotent {
		most = 1
	}
	ref := b.create(0)
	c, other := comment("c1", commentText), comment("c2", "quite another text")
	for sent := range 3 {
		n := min(sent, most)
		if have := b.incident(ref.ID).Comments; len(have) != n {
			b.Errorf("%d comments at the tracker, want %d", len(have), n)
		}
		b.count(ref, []connector.Comment{c, other}, n, 0)
		if err := b.conn.AddComment(b.context(), ref, c); err != nil {
			b.Fatalf("add comment: %v", err)
		}
	}
	for _, have := range b.incident(ref.ID).Comments {
		if have != h.Stored(commentText) {
			b.Errorf("comment at the tracker: %q, want %q", have, commentText)
		}
	}
}

// commentByDigest looks for a comment whose text the case no longer has.
func commentByDigest(t testing.TB, h Harness) {
	b := newBench(t, h)
	ref := b.create(0)
	c := comment("c1", commentText)
	if err := b.conn.AddComment(b.context(), ref, c); err != nil {
		b.Fatalf("add comment: %v", err)
	}
	c.Text = ""
	b.count(ref, []connector.Comment{c}, 1)
}

// commentsInOneListing counts many comments with the requests that one takes.
// Two of them have one text: without CommentsByID each is counted for both.
func commentsInOneListing(t testing.TB, h Harness) {
	b := newBench(t, h)
	can := b.conn.Capabilities()
	if !can.CountComments {
		b.Skip("comments cannot be counted")
	}
	ref := b.create(0)
	twin := comment("c2", commentText)
	for _, c := range []connector.Comment{comment("c1", commentText), twin, comment("c3", "quite another text")} {
		if err := b.conn.AddComment(b.context(), ref, c); err != nil {
			b.Fatalf("add comment: %v", err)
		}
	}
	same := 2
	if can.CommentsByID {
		same = 1
	}
	b.wire.reset()
	b.count(ref, nil)
	if all, _ := b.wire.counted(); all != 0 {
		b.Errorf("%d requests for no comment", all)
	}
	b.count(ref, []connector.Comment{twin}, same)
	one, _ := b.wire.counted()
	b.wire.reset()
	cs := []connector.Comment{comment("c3", "quite another text"), comment("c1", commentText), twin}
	want := []int{1, same, same}
	for i := range 50 {
		cs, want = append(cs, comment(fmt.Sprint("n", i), fmt.Sprint("not there ", i))), append(want, 0)
	}
	b.count(ref, cs, want...)
	if all, writes := b.wire.counted(); all != one || writes != 0 {
		b.Errorf("%d requests for %d comments, of them %d that change something; for one comment %d", all, len(cs), writes, one)
	}
}

// commentTargets sends a comment to each target: it stands there, nowhere
// else, and is counted.
func commentTargets(t testing.TB, h Harness) {
	if len(h.Targets) == 0 {
		t.Skip("the tracker has one place for comments")
	}
	b := newBench(t, h)
	for n, target := range h.Targets {
		ref := b.create(0)
		c := comment(fmt.Sprint("c", n), fmt.Sprintf("%s, for %s", commentText, target))
		c.Target = target
		if err := b.conn.AddComment(b.context(), ref, c); err != nil {
			b.Fatalf("add comment to %q: %v", target, err)
		}
		in, want := b.incident(ref.ID), []string{h.Stored(c.Text)}
		if !slices.Equal(in.Comments, want) {
			b.Errorf("target %q: the tracker has the comments %q, want %q", target, in.Comments, want)
		}
		if in.Targets != nil && !slices.Equal(in.Targets[target], want) {
			b.Errorf("target %q: the tracker has %q there, want %q", target, in.Targets[target], want)
		}
		b.count(ref, []connector.Comment{c}, 1)
	}
}
