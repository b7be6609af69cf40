package stream

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Past selects events that the stream still has. The zero value selects all of
// them, those that come while they are read included.
type Past struct {
	// FromSeq and ToSeq are the first and the last sequence; 0 is no bound.
	FromSeq, ToSeq uint64
	// Since and Until are the earliest and the latest time at which the queue
	// took an event, both included; zero is no bound.
	Since, Until time.Time
	// Space and Case are tokens of the subject; "" is any.
	Space, Case string
	// WithoutBodies leaves the bodies on the server: of each event its sequence,
	// time, space and case are told.
	WithoutBodies bool
}

// pastBytes bounds what of past events is held by the client. It is more where
// the server takes larger ones: half of it is asked for when the other half is
// used up, and the largest event has to fit into that.
const pastBytes = 16 << 20

// Extent is which events the stream has now.
type Extent struct {
	First, Last uint64    // sequences; First is beyond Last if there is none
	FirstAt     time.Time // when the queue took the first one; zero if there is none
}

// Extent tells which events there are.
func (c *Conn) Extent(ctx context.Context) (Extent, error) {
	info, err := c.events.Info(ctx)
	if err != nil {
		return Extent{}, fmt.Errorf("event stream: %w", err)
	}
	s := info.State
	if s.Msgs == 0 {
		return Extent{First: s.LastSeq + 1, Last: s.LastSeq}, nil
	}
	return Extent{First: s.FirstSeq, Last: s.LastSeq, FirstAt: s.FirstTime}, nil
}

// Past gives the selected events to f with their ids, in the order of their
// sequences, until f returns an error, which it returns then. rest is how many
// follow if ToSeq and Until bound nothing. Events on subjects of another form
// than a case's are not among them.
func (c *Conn) Past(ctx context.Context, p Past, f func(in Incoming, id string, rest uint64) error) error {
	config, err := c.pastConfig(p)
	if err != nil {
		return err
	}
	var stopped error
	bytes := jetstream.PullMaxBytes(max(pastBytes, 2*int(c.MaxPayload())))
	err = passOver(ctx, c.events, passing{of: config, pull: []jetstream.PullMessagesOpt{bytes}}, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		seq := meta.Sequence.Stream
		if p.ended(seq, meta.Timestamp) {
			return errEnough
		}
		if seq >= p.FromSeq {
			in := c.past(p, seq, m)
			in.Seq, in.StoredAt = seq, meta.Timestamp
			if stopped = f(in, c.eventID(in.Event, seq), meta.NumPending); stopped != nil {
				return stopped
			}
		}
		if seq == p.ToSeq {
			return errEnough
		}
		return nil
	})
	if err != nil && stopped == nil {
		return fmt.Errorf("read past events: %w", err)
	}
	return err
}

// past reads an event, or its place alone: what has no body is not to be taken
// for an event that cannot be read.
func (c *Conn) past(p Past, seq uint64, m jetstream.Msg) Incoming {
	if !p.WithoutBodies {
		return c.incoming(seq, m.Subject(), m.Headers(), m.Data())
	}
	tokens := strings.Split(m.Subject(), ".") // at least two: they were filtered for
	return Incoming{Space: tokens[len(tokens)-2], Case: tokens[len(tokens)-1]}
}

// ended reports whether an event is beyond the end of what is selected, and all
// that follow it are: times grow with sequences.
func (p Past) ended(seq uint64, at time.Time) bool {
	return p.ToSeq > 0 && seq > p.ToSeq || !p.Until.IsZero() && at.After(p.Until)
}

func (c *Conn) pastConfig(p Past) (jetstream.OrderedConsumerConfig, error) {
	for _, id := range []string{p.Space, p.Case} {
		if id == "*" || id == ">" || strings.ContainsAny(id, ". \t\r\n") {
			return jetstream.OrderedConsumerConfig{}, fmt.Errorf("read past events: id %q is no token of a subject", id)
		}
	}
	config := jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{c.names.Event(cmp.Or(p.Space, "*"), cmp.Or(p.Case, "*"))},
		HeadersOnly:    p.WithoutBodies,
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(p.FromSeq, 1),
	}
	if !p.Since.IsZero() {
		config.DeliverPolicy, config.OptStartSeq, config.OptStartTime = jetstream.DeliverByStartTimePolicy, 0, &p.Since
	}
	return config, nil
}
