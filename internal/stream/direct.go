package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
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
