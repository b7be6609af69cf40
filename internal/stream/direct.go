package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// firstEvent reads the first event on the subject at or after seq. more is false
// only if it is certain that it is the newest one as well. The error is
// jetstream.ErrMsgNotFound if there is none.
//
// A direct read of a batch of one tells how many follow (ADR-31); other reads
// do not, and then more is true.
func (c *Conn) firstEvent(ctx context.Context, subject string, seq uint64) (m *jetstream.RawStreamMsg, more bool, err error) {
	if !c.events.CachedInfo().Config.AllowDirect {
		m, err = c.events.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(subject))
		return m, true, err
	}
	body, err := json.Marshal(batchRequest{Seq: seq, Next: subject, Batch: 1})
	if err != nil {
		return nil, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	// The end of the batch follows in a second message, which the client drops.
	r, err := c.nc.RequestWithContext(ctx, "$JS.API.DIRECT.GET."+c.names.Events(), body)
	if err != nil {
		return nil, false, err
	}
	if status := r.Header.Get("Status"); status != "" && len(r.Data) == 0 {
		if status == "404" {
			return nil, false, jetstream.ErrMsgNotFound
		}
		return nil, false, fmt.Errorf("direct read: status %s: %s", status, r.Header.Get("Description"))
	}
	return rawMessage(r)
}

// eventsBetween gives the events on the subject from first, which may be nil for
// none, to the one before end. Direct reads fetch many at once.
func (c *Conn) eventsBetween(ctx context.Context, subject string, first *jetstream.RawStreamMsg, end uint64) iter.Seq2[*jetstream.RawStreamMsg, error] {
	next := c.nextEvents
	if c.events.CachedInfo().Config.AllowDirect {
		next = c.nextBatch
	}
	return func(yield func(*jetstream.RawStreamMsg, error) bool) {
		for group := []*jetstream.RawStreamMsg{first}; first != nil && len(group) > 0; {
			for _, m := range group {
				if m.Sequence >= end || !yield(m, nil) {
					return
				}
			}
			var err error
			if group, err = next(ctx, subject, group[len(group)-1].Sequence+1); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// nextEvents reads the next event at or after seq, by asking the leader.
func (c *Conn) nextEvents(ctx context.Context, subject string, seq uint64) ([]*jetstream.RawStreamMsg, error) {
	m, err := c.events.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(subject))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []*jetstream.RawStreamMsg{m}, nil
}

// batchSize is how many events one direct read fetches.
const batchSize = 64

// nextBatch reads the next events at or after seq.
func (c *Conn) nextBatch(ctx context.Context, subject string, seq uint64) (group []*jetstream.RawStreamMsg, err error) {
	messages, err := jetstreamext.GetBatch(ctx, c.js, c.names.Events(), batchSize, jetstreamext.GetBatchSeq(seq), jetstreamext.GetBatchSubject(subject))
	if err != nil {
		return nil, err
	}
	for m, err := range messages {
		if errors.Is(err, jetstreamext.ErrNoMessages) {
			break
		}
		if err != nil {
			return nil, err
		}
		group = append(group, m)
	}
	return group, nil
}

// batchRequest is that of a direct read.
type batchRequest struct {
	Seq   uint64 `json:"seq"`
	Next  string `json:"next_by_subj"`
	Batch int    `json:"batch"`
}

var errBadAnswer = errors.New("direct read: the answer lacks what it has to tell")

// rawMessage takes apart the answer to a direct read.
func rawMessage(r *nats.Msg) (m *jetstream.RawStreamMsg, more bool, err error) {
	seq, err := strconv.ParseUint(r.Header.Get(jetstream.SequenceHeader), 10, 64)
	if err != nil {
		return nil, false, errBadAnswer
	}
	at, err := time.Parse(time.RFC3339Nano, r.Header.Get(jetstream.TimeStampHeaer))
	if err != nil {
		return nil, false, errBadAnswer
	}
	m = &jetstream.RawStreamMsg{
		Subject: r.Header.Get(jetstream.SubjectHeader), Sequence: seq, Header: r.Header, Data: r.Data, Time: at,
	}
	return m, r.Header.Get("Nats-Num-Pending") != "0", nil
}
