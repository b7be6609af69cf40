package connectortest

import (
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

// count asks how often a comment is there.
func (b *bench) count(ref connector.Ref, c connector.Comment, want int) {
	b.Helper()
	if !b.conn.Capabilities().CountComments {
		return
	}
	if n, err := b.conn.CountComments(b.context(), ref, c); err != nil || n != want {
		b.Errorf("count of comment %q: %d, error %v, want %d", c.ID, n, err, want)
	}
}

func commentTwice(t testing.TB, h Harness) {
	b := newBench(t, h)
	ref := b.create(0)
	c, other := comment("c1", commentText), comment("c2", "quite another text")
	for n := range 3 {
		if have := b.incident(ref.ID).Comments; len(have) != n {
			b.Errorf("%d comments at the tracker, want %d", len(have), n)
		}
		b.count(ref, c, n)
		b.count(ref, other, 0)
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
	b.count(ref, c, 1)
}
