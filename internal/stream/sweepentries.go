package stream

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// debtor is an entry that owes something which should be on its way.
type debtor struct {
	key   ledger.Key
	entry ledger.Entry
	needs []sight // each of them, or a job, should be in sight
	seen  sight
}

// missing reports whether something that it needs is not in sight.
func (d *debtor) missing() bool {
	for _, need := range d.needs {
		if d.seen&(need|sightJob) == 0 {
			return true
		}
	}
	return false
}

// entries looks at the whole ledger, and brings what is owed and not on its way.
func (s *sweeper) entries(ctx context.Context) error {
	debtors := map[string]*debtor{}
	err := s.c.entries(ctx, EntryFilter{}, func(key ledger.Key, m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		e, err := decodeEntry(m.Data())
		if err != nil || !e.Exists() {
			return err
		}
		s.found.Entries++
		e.StoredAt = meta.Timestamp
		if needs := s.needs(e); len(needs) > 0 {
			debtors[debtorToken(encode(key.Connector), place{key.Space, key.Case})] = &debtor{key: key, entry: e, needs: needs}
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

// debtorToken names a debtor by the tokens of its jobs.
func debtorToken(queue string, at place) string { return queue + "." + at.token() }

// needs says what should be in sight for an entry, because the time for it has
// come and has been over for a while.
func (s *sweeper) needs(e ledger.Entry) []sight {
	var needs []sight
	if at := owedSince(e, s.mark.Stream); !at.IsZero() && at.Before(s.before) {
		needs = append(needs, sightRetry)
	}
	if at := e.Verify.Due(); !at.IsZero() && at.Before(s.before) && e.StoredAt.Before(s.before) {
		needs = append(needs, sightVerify)
	}
	return needs
}

// owedSince is when the entry's next attempt is or was due; zero if it owes
// none. What is blocked, or dead with its plan settled, is a person's to see to.
func owedSince(e ledger.Entry, incarnation string) time.Time {
	promised := !e.Want.IsZero() && !e.Cursor.Covers(e.Want) &&
		(e.Want.Stream == incarnation || e.Cursor.Stream != incarnation) // what an older stream held is gone
	unsettled := !e.Plan.Empty() && (!e.Dead || e.Plan.SettleAt.IsZero())
	if e.Blocked || !promised && !unsettled && e.Retry == nil && e.Closing == nil {
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
		if now.Write != d.entry.Write {
			continue
		}
		s.Queue(d.key.Connector)
		if err := s.c.PutJob(ctx, d.job()); err != nil {
			return err
		}
		s.found.Owed++
	}
	return nil
}

// job brings what the entry owes.
func (d *debtor) job() push.Job {
	e := d.entry
	newest := e.Cursor
	if !e.Want.IsZero() {
		newest = newest.Later(e.Want)
	}
	j := push.Job{
		Kind: push.KindSweep, Connector: d.key.Connector, Space: d.key.Space, Case: d.key.Case,
		Seq: newest.Seq, Stream: newest.Stream,
	}
	if e.Last != nil {
		j.Owner = e.Last.Owner
	}
	return j
}
