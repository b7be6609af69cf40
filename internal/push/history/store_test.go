package history

import (
	"context"
	"errors"
	"time"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

var errDown = errors.New("the server does not answer")

// store is a process's way to the ledger.
type store struct {
	*ledger.Memory
	p *process
}

// Get implements ledger.Store.
func (s store) Get(ctx context.Context, k ledger.Key) (ledger.Entry, ledger.Revision, error) {
	m := s.p.w.step(s.p, ledgerGet)
	if m == fail || s.p.blinded {
		s.p.blinded = false
		return ledger.Entry{}, 0, errDown
	}
	return s.Memory.Get(ctx, k)
}

// Put implements ledger.Store.
func (s store) Put(ctx context.Context, k ledger.Key, e ledger.Entry, rev ledger.Revision) (ledger.Revision, error) {
	w := s.p.w
	m := w.step(s.p, ledgerPut)
	if m == fail {
		w.forgetWindows()
		return 0, errDown
	}
	next, err := s.Memory.Put(ctx, k, e, rev)
	if err != nil {
		w.forgetWindows()
		return 0, err
	}
	if len(w.backups) > 0 {
		w.backups = append(w.backups, w.store.Copy())
	}
	for i := range w.windows {
		if win := &w.windows[i]; win.p == s.p && win.recorded.IsZero() {
			win.recorded = time.Now()
		}
	}
	switch m {
	case dieAfter:
		s.p.die()
	case lose:
		return 0, errDown
	case blind:
		s.p.blinded = true
		return 0, errDown
	case refuse:
		return 0, ledger.ErrConflict
	}
	return next, nil
}

// mailbox is a process's way to the events.
type mailbox struct{ p *process }

// Incarnation implements push.Mailbox.
func (mailbox) Incarnation() string { return stream }

// Has implements push.Mailbox.
func (b mailbox) Has(_ context.Context, seq uint64) (bool, error) {
	return seq <= uint64(len(b.p.w.mails)), nil
}

// Events implements push.Mailbox.
func (b mailbox) Events(_ context.Context, _, _ string, after uint64, limit int) ([]push.Mail, ledger.Position, error) {
	m := b.p.w.step(b.p, mailboxRead)
	if m == fail {
		return nil, ledger.Position{}, errDown
	}
	mails := b.p.w.mails
	if m == stale && len(mails) > 1 {
		mails = mails[:len(mails)-1]
	}
	head := ledger.Position{Stream: stream, Seq: uint64(len(mails))}
	mails = mails[min(int(after), len(mails)):]
	mails = mails[max(0, len(mails)-limit):]
	return append([]push.Mail(nil), mails...), head, nil
}

// outbox is a process's way to results and dead letters.
type outbox struct{ p *process }

// do performs a step that only stores something.
func (o outbox) do(at place, store func()) error {
	switch m := o.p.w.step(o.p, at); m {
	case fail:
		return errDown
	case lose:
		store()
		return errDown
	case dieAfter:
		store()
		o.p.die()
	}
	store()
	return nil
}

// Publish implements push.Results.
func (o outbox) Publish(_ context.Context, r push.Result) error {
	return o.do(resultPut, func() { o.p.w.results = append(o.p.w.results, r) })
}

// Put implements push.DeadLetters.
func (o outbox) Put(_ context.Context, d push.DeadLetter) error {
	key := ledger.Key{Connector: d.ConnectorID, Space: d.SpaceID, Case: d.CaseID}
	return o.do(letterPut, func() { o.p.w.letters[key] = d })
}

// Settle implements push.DeadLetters.
func (o outbox) Settle(_ context.Context, key ledger.Key, upTo ledger.Position) error {
	return o.do(letterPut, func() {
		if o.p.w.letters[key].ThroughSeq <= upTo.Seq {
			delete(o.p.w.letters, key)
		}
	})
}
