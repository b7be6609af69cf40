package ledgertest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/ledger"
)

func testWrite(t *testing.T, s ledger.Store) {
	ctx := context.Background()
	first, rev, err := ledger.Write(ctx, s, key(), ledger.Entry{Epoch: 1}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if first.Format != ledger.Format || first.Write == "" || first.Epoch != 1 {
		t.Errorf("Write gave %+v", first)
	}
	wantStored(t, s, key(), first, rev)
	second, next, err := ledger.Write(ctx, s, key(), first, rev)
	if err != nil {
		t.Fatal(err)
	}
	if second.Write == first.Write {
		t.Error("two writes have one id")
	}
	if _, _, err := ledger.Write(ctx, s, key(), second, rev); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("Write of an old revision: error %v, want ErrConflict", err)
	}
	wantStored(t, s, key(), second, next)
}

var errNoAnswer = errors.New("no answer")

// unanswered is a store whose writes lose their answers.
type unanswered struct {
	ledger.Store
	stores bool   // the write is stored all the same
	answer error  // what Put returns
	before func() // runs before Put returns
	blind  bool   // nor can anything be read
}

// Put implements ledger.Store.
func (u unanswered) Put(ctx context.Context, k ledger.Key, e ledger.Entry, rev ledger.Revision) (ledger.Revision, error) {
	if u.stores {
		if _, err := u.Store.Put(ctx, k, e, rev); err != nil {
			return 0, err
		}
	}
	if u.before != nil {
		u.before()
	}
	return 0, u.answer
}

// Get implements ledger.Store.
func (u unanswered) Get(ctx context.Context, k ledger.Key) (ledger.Entry, ledger.Revision, error) {
	if u.blind {
		return ledger.Entry{}, 0, errNoAnswer
	}
	return u.Store.Get(ctx, k)
}

func testUnanswered(t *testing.T, s ledger.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, c := range []struct {
		name  string
		store unanswered
		want  error // nil: the read-back finds the write
	}{
		{"stored, answer lost", unanswered{stores: true, answer: errNoAnswer}, nil},
		{"stored, repeated below us and refused", unanswered{stores: true, answer: ledger.ErrConflict}, nil},
		{"stored, told to stop meanwhile", unanswered{stores: true, answer: context.Canceled, before: cancel}, nil},
		{"not stored", unanswered{answer: errNoAnswer}, errNoAnswer},
		{"refused", unanswered{answer: ledger.ErrConflict}, ledger.ErrConflict},
		{"stored, nothing can be read", unanswered{stores: true, answer: errNoAnswer, blind: true}, errNoAnswer},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := ledger.Key{Connector: c.name, Space: "default", Case: "c-1"}
			before, rev, err := ledger.Write(context.Background(), s, k, ledger.Entry{Epoch: 1}, 0)
			if err != nil {
				t.Fatal(err)
			}
			c.store.Store = s
			use := context.Background()
			if c.store.before != nil {
				use = ctx
			}
			written, at, err := ledger.Write(use, c.store, k, ledger.Entry{Epoch: 2}, rev)
			if !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			now, nowRev := mustGet(t, s, k)
			if c.want == nil && (nowRev != at || now.Epoch != 2 || !cmp.Equal(now, written, content())) {
				t.Errorf("Write gave %+v at %d; stored is %+v at %d", written, at, now, nowRev)
			}
			if !c.store.stores && (nowRev != rev || !cmp.Equal(now, before, content())) {
				t.Errorf("stored is %+v at %d, want the old state at %d", now, nowRev, rev)
			}
		})
	}
}
