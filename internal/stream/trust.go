package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// trust says that the ledger was lost or restored from an old copy: what it
// says of the time before Since may lack what was done.
type trust struct {
	Since time.Time `json:"since"`
	Why   string    `json:"why,omitempty"`
}

// ledgerMark is how far the ledger had come. It is kept in another bucket, so
// that a ledger which falls behind it is found out.
type ledgerMark struct {
	Created time.Time `json:"created"`
	Seq     uint64    `json:"seq"`
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
// what was done, after a restore for example: entries of that time are looked
// up at the tracker before anything is created or added. Workers that run hear
// of it within seconds. An earlier time than one that is stored changes nothing.
func (c *Conn) Distrust(ctx context.Context, since time.Time, why string) error {
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

// CheckLedger compares the ledger with how far it had come when this was last
// called, and distrusts what it says until now if it has fallen behind: it was
// lost, or restored from an old copy. why is empty if all is well.
func (c *Conn) CheckLedger(ctx context.Context) (why string, err error) {
	if err := c.readTrust(ctx); err != nil {
		return "", err
	}
	info, err := c.ledger.Info(ctx)
	if err != nil {
		return "", fmt.Errorf("ledger: %w", err)
	}
	now := ledgerMark{Created: info.Created.UTC(), Seq: info.State.LastSeq}
	var was ledgerMark
	rev, ok, err := c.getSetting(ctx, c.markSubject(), &was)
	if err != nil {
		return "", err
	}
	switch {
	case ok && !was.Created.Equal(now.Created):
		why = fmt.Sprintf("the ledger was made anew: that of %s is gone", was.Created.Format(time.RFC3339))
	case ok && now.Seq < was.Seq:
		why = fmt.Sprintf("the ledger ends at write %d and had come to %d: it is an old copy", now.Seq, was.Seq)
	case ok && was == now:
		return "", nil
	}
	if why != "" {
		if err := c.Distrust(ctx, time.Now(), why); err != nil {
			return why, err
		}
	}
	if _, err := c.writeSetting(ctx, c.markSubject(), now, jetstream.WithExpectLastSequencePerSubject(rev)); err != nil && !isConflict(err) {
		return why, err
	}
	return why, nil
}
