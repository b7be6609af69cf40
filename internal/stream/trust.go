package stream

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// trust says that the ledger was lost or restored from an old copy: what it
// says of the time before Since may lack what was done.
type trust struct {
	Since time.Time `json:"since"`
	Why   string    `json:"why,omitempty"`
}

// ledgerMark is how far the ledger had come. It is kept in another bucket, so
// that a ledger which falls behind it is found out. Entries are never removed.
type ledgerMark struct {
	Created time.Time `json:"created"`
	Seq     uint64    `json:"seq"`
	Entries uint64    `json:"entries"`
}

// fellBehind says in words how the ledger is less than it was; "" if it is not.
func (was ledgerMark) fellBehind(now ledgerMark) string {
	switch {
	case !was.Created.Equal(now.Created):
		return fmt.Sprintf("the ledger was made anew: that of %s is gone", was.Created.Format(time.RFC3339))
	case now.Seq < was.Seq:
		return fmt.Sprintf("the ledger ends at write %d and had come to %d: it is an old copy", now.Seq, was.Seq)
	case now.Entries < was.Entries:
		return fmt.Sprintf("the ledger has %d entries and had %d: somebody has removed some", now.Entries, was.Entries)
	}
	return ""
}

func (c *Conn) trustSubject() string { return c.names.setting("ledger", "trust") }
func (c *Conn) markSubject() string  { return c.names.setting("ledger", "mark") }

// readTrust reads what was stored.
func (c *Conn) readTrust(ctx context.Context) error {
	var t trust
	_, ok, err := c.getSetting(ctx, c.trustSubject(), &t)
	if err != nil {
		return err
	}
	if ok {
		c.distrusted.Store(&t)
	}
	return nil
}

// Distrust stores that what the ledger says of the time before since may lack
// what was done, after a restore for example: entries of that time are looked up
// at the tracker before anything is created or added. Workers that run hear of it
// within seconds. An earlier time than one that is stored changes nothing. A time
// before the ledger was made is just after that: of its own making on it is new.
func (c *Conn) Distrust(ctx context.Context, since time.Time, why string) error {
	if made := c.ledger.CachedInfo().Created; !since.After(made) {
		since = made.Add(time.Millisecond)
	}
	if t := c.distrusted.Load(); t != nil && !since.After(t.Since) {
		return nil
	}
	t := trust{Since: since.UTC(), Why: why}
	if err := c.putSetting(ctx, c.trustSubject(), t); err != nil {
		return fmt.Errorf("distrust the ledger: %w", err)
	}
	c.distrusted.Store(&t)
	return nil
}

// alarmDelay is the time between two looks at a ledger that seems to have fallen
// behind: a new leader may not have come to the end of it yet.
const alarmDelay = 2 * time.Second

// CheckLedger compares the ledger with how far it had come when this was last
// called, and distrusts what it says until now if it has fallen behind: it was
// lost, restored from an old copy, or entries were removed. why is empty if all
// is well.
func (c *Conn) CheckLedger(ctx context.Context) (why string, err error) {
	if err := c.readTrust(ctx); err != nil {
		return "", err
	}
	why, _, err = c.compareLedger(ctx)
	if why == "" || err != nil {
		return "", err
	}
	sleep(ctx, alarmDelay, nil)
	why, at, err := c.compareLedger(ctx)
	if why == "" || err != nil {
		return "", err
	}
	if err := c.Distrust(ctx, at, why); err != nil {
		return why, err
	}
	return why, c.markLedger(ctx)
}

// compareLedger looks whether the ledger has fallen behind its mark, which it
// moves if not. at is the time of the look, on the server's clock.
func (c *Conn) compareLedger(ctx context.Context) (why string, at time.Time, err error) {
	// The mark first: a later one may be ahead of an earlier look at the ledger.
	var was ledgerMark
	_, ok, err := c.getSetting(ctx, c.markSubject(), &was)
	if err != nil {
		return "", at, err
	}
	now, at, err := c.lookAtLedger(ctx)
	if err != nil {
		return "", at, err
	}
	if ok {
		if why = was.fellBehind(now); why != "" {
			return why, at, nil
		}
	}
	if ok && was == now {
		return "", at, nil
	}
	return "", at, c.markLedger(ctx)
}

// lookAtLedger also notices that the ledger was made anew.
func (c *Conn) lookAtLedger(ctx context.Context) (now ledgerMark, at time.Time, err error) {
	info, err := c.ledger.Info(ctx)
	if err != nil {
		return now, at, fmt.Errorf("ledger: %w", err)
	}
	return ledgerMark{Created: info.Created.UTC(), Seq: info.State.LastSeq, Entries: info.State.Msgs}, info.TimeStamp, nil
}

// markLedger writes how far the ledger has come. Of several that do so at once
// one does.
func (c *Conn) markLedger(ctx context.Context) error {
	var was ledgerMark
	rev, _, err := c.getSetting(ctx, c.markSubject(), &was)
	if err != nil {
		return err
	}
	now, _, err := c.lookAtLedger(ctx)
	if err != nil {
		return err
	}
	if _, err := c.casSetting(ctx, c.markSubject(), now, rev, 0); err != nil && !errors.Is(err, errTaken) {
		return err
	}
	return nil
}

// noteRevision remembers the highest revision of the ledger that this process
// has seen, and reports whether one that was just stored is not above what had
// been seen before the write began: then this is not the ledger that it was.
func (c *Conn) noteRevision(stored, before uint64) (behind bool) {
	for {
		seen := c.ledgerSeen.Load()
		if stored <= before && before != 0 {
			c.ledgerSeen.CompareAndSwap(seen, stored)
			return true
		}
		if stored <= seen || c.ledgerSeen.CompareAndSwap(seen, stored) {
			return false
		}
	}
}
