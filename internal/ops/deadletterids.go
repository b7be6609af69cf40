package ops

import (
	"context"
	"errors"
	"time"

	"github.com/casepush/casepush/internal/stream"
)

// DeadLetterIDs are the ids of those selected now, oldest first. What is done
// with them changes what is selected, so they are collected before.
func (o *Ops) DeadLetterIDs(ctx context.Context, filter DeadLetterFilter) ([]uint64, error) {
	var ids []uint64
	err := o.DeadLetters(ctx, filter, func(d DeadLetter) error {
		ids = append(ids, d.ID)
		return nil
	})
	return ids, err
}

// EachDeadLetter reads the dead letters with these ids in turn, at most perSecond
// of them a second (0 is as fast as it goes), and gives each to f; gone hears of
// the ids of those that are not there. It ends with the first error of theirs.
func (o *Ops) EachDeadLetter(ctx context.Context, ids []uint64, perSecond float64, f func(DeadLetter) error, gone func(id uint64) error) error {
	p := pacer{}
	if perSecond > 0 {
		p.every = time.Duration(float64(time.Second) / perSecond)
	}
	for _, id := range ids {
		if err := p.wait(ctx); err != nil {
			return err
		}
		d, err := o.DeadLetter(ctx, id)
		if errors.Is(err, stream.ErrNoDeadLetter) {
			err = gone(id)
		} else if err == nil {
			err = f(d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
