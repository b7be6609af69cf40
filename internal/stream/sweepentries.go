package stream

import (
	"bytes"
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// debtor is an entry that owes something which should be on its way.
type debtor struct {
	key   ledger.Key
	write string // of the revision that was read
	job   push.Job
	needs sight // what should be in sight, unless a job is
	seen  sight
}

// missing reports whether something that it needs is not in sight.
func (d *debtor) missing() bool { return d.seen&sightJob == 0 && d.needs&^d.seen != 0 }

// entries looks at the whole ledger, and brings what is owed and not on its way.
func (s *sweeper) entries(ctx context.Context) error {
	debtors := map[string]*debtor{}
	err := s.c.entries(ctx, EntryFilter{}, func(key ledger.Key, m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		s.found.Entries++
		if !mayOwe(m.Data()) {
			return nil
		}
		e, err := decodeEntry(m.Data())
		if err != nil || !e.Exists() {
			return err
		}
		e.StoredAt = meta.Timestamp
		if needs := s.needs(e); needs != 0 {
			debtors[debtorToken(encode(key.Connector), place{key.Space, key.Case})] = &debtor{key: key, write: e.Write, job: sweepJob(key, e), needs: needs}
		}
		if len(debtors) < s.Window {
			return nil
		}
		err = s.collect(ctx, debtors)
		clear(debtors)
		return err
	})
	if err != nil {
		return err
	}
	return s.collect(ctx, debtors)
}

// mayOwe reports whether an entry has any of the fields in which something is
// owed. Most have none: they need not be decoded.
func mayOwe(body []byte) bool {
	for _, field := range []string{`"want":`, `"plan":`, `"retry":`, `"closing":`, `"verify":`} {
		if bytes.Contains(body, []byte(field)) {
			return true
		}
	}
	return false
}

// debtorToken names a debtor by the tokens of its jobs.
func debtorToken(queue string, at place) string { return queue + "." + at.token() }

// needs says what should be in sight for an entry, because the time for it has
// come and has been over for a while.
func (s *sweeper) needs(e ledger.Entry) (needs sight) {
	if at := owedSince(e, s.mark.Stream); !at.IsZero() && at.Before(s.before) {
		needs |= sightRetry
	}
	if at := e.Verify.Due(); !at.IsZero() && at.Before(s.before) && e.StoredAt.Before(s.before) {
		needs |= sightVerify
	}
	return needs
}

// owedSince is when the entry's next attempt is or was due; zero if it owes
// none. What is blocked, or dead with its plan settled, is a person's to see to.
func owedSince(e ledger.Entry, incarnation string) time.Time {
	promised := e.Promised() &&
		(e.Want.Stream == incarnation || e.Cursor.Stream != incarnation) // what an older stream held is gone
	if e.Blocked || !promised && !e.Unsettled() && e.Retry == nil && e.Closing == nil {
		return time.Time{}
	}
	at := e.StoredAt
	if e.Retry != nil && e.Retry.NotBefore.After(at) {
		at = e.Retry.NotBefore
	}
	if e.Plan != nil && e.Plan.SettleAt.After(at) {
		at = e.Plan.SettleAt
	}
	return at
}

// collect makes jobs for those of which nothing is in sight and which have not
// changed since they were read.
func (s *sweeper) collect(ctx context.Context, debtors map[string]*debtor) error {
	if len(debtors) == 0 {
		return nil
	}
	err := s.c.inSight(ctx, func(g sighted) {
		if d := debtors[debtorToken(g.queue, g.at)]; d != nil {
			d.seen |= g.kind
		}
	})
	if err != nil {
		return err
	}
	for _, d := range debtors {
		if !d.missing() {
			continue
		}
		now, _, err := s.c.Ledger().Get(ctx, d.key)
		if err != nil {
			return err
		}
		if now.Write != d.write {
			continue
		}
		s.Queue(d.key.Connector)
		if err := s.c.PutJob(ctx, d.job); err != nil {
			return err
		}
		s.found.Owed++
	}
	return nil
}

// sweepJob brings what the entry owes.
func sweepJob(key ledger.Key, e ledger.Entry) push.Job {
	newest := e.Newest()
	j := push.Job{
		Kind: push.KindSweep, Connector: key.Connector, Space: key.Space, Case: key.Case,
		Seq: newest.Seq, Stream: newest.Stream,
	}
	if e.Last != nil {
		j.Owner = e.Last.Owner
	}
	return j
}
