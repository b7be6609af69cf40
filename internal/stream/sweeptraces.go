package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// What an event may have left: a job, an entry, an outcome, a dead letter.

// jobs marks the events whose case has a job or a wake-up.
func (s *sweeper) jobs(ctx context.Context, w *window) error {
	return s.c.inSight(ctx, func(g sighted) {
		if g.kind == sightVerify {
			return // that brings no event
		}
		for _, a := range w.cases[g.at] {
			if a.connector == "" || g.queue == routeQueue || g.queue == encode(a.connector) {
				a.job = true
			}
		}
	})
}

// covers marks the events that an entry covers or has promised to come back for.
func (s *sweeper) covers(ctx context.Context, w *window) error {
	store := ledgerStore{s.c}
	at := traces{in: s.c.ledger, prefix: "$KV." + s.c.names.Ledger() + ".*."}
	return s.c.lookUp(ctx, at, w.open(), func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
		list := w.of(m.Subject())
		key, ok := store.key(m.Subject())
		if len(list) == 0 || !ok {
			return nil
		}
		e, err := decodeEntry(m.Data())
		if err != nil || !e.Exists() {
			return err
		}
		for _, a := range list {
			if a.connector == "" || a.connector == key.Connector {
				a.covered = a.covered || coveredBy(e, ledger.Position{Stream: s.mark.Stream, Seq: a.seq})
			}
		}
		return nil
	})
}

func coveredBy(e ledger.Entry, at ledger.Position) bool {
	return e.Blocked || e.Cursor.Covers(at) || e.Want.Covers(at)
}

// outcomes marks the events whose outcome was told. Outcomes say in which stream
// they count only by their time.
func (s *sweeper) outcomes(ctx context.Context, w *window) error {
	oldest := w.oldest()
	at := traces{in: s.c.results, prefix: s.c.names.join("result", ""), since: &oldest}
	return s.c.lookUp(ctx, at, w.open(), func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		list := w.of(m.Subject())
		var r push.Result
		if len(list) == 0 || json.Unmarshal(m.Data(), &r) != nil { // that is somebody else's message on our subject
			return nil
		}
		for _, a := range list {
			if !meta.Timestamp.Before(a.storedAt) {
				a.ended(r.ConnectorID, r.EventSeq, r.ThroughSeq)
			}
		}
		return nil
	})
}

// letters marks the events that a dead letter speaks of.
func (s *sweeper) letters(ctx context.Context, w *window) error {
	at := traces{in: s.c.dlq, prefix: s.c.names.join("dlq", "*", "")}
	return s.c.lookUp(ctx, at, w.open(), func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
		list := w.of(m.Subject())
		var d push.DeadLetter
		if len(list) == 0 || json.Unmarshal(m.Data(), &d) != nil || d.EventStream != s.mark.Stream {
			return nil
		}
		for _, a := range list {
			a.ended(d.ConnectorID, d.EventSeq, d.ThroughSeq)
		}
		return nil
	})
}

// ended takes in an outcome of the event's case.
func (a *asked) ended(connector string, seq, through uint64) {
	switch {
	case connector == "": // of the router: about one event
		a.covered = a.covered || seq == a.seq
	case a.connector == "" || a.connector == connector:
		a.covered = a.covered || max(seq, through) >= a.seq
	}
}

const (
	// lookUpAtOnce bounds the subjects of one request: the server compares each
	// with all others.
	lookUpAtOnce = 500
	// lookUpMost bounds the cases that are looked up by their subjects. The
	// server goes through much of a stream for each request, so a pass over all
	// of it costs less than a few of them.
	lookUpMost = 1000
)

// traces is where to look.
type traces struct {
	in     jetstream.Stream
	prefix string     // of the subjects, before space and case
	since  *time.Time // nil is from the beginning
}

// lookUp gives what a stream has of the cases, and of others if they are many,
// to f.
func (c *Conn) lookUp(ctx context.Context, at traces, of []place, f func(jetstream.Msg, *jetstream.MsgMetadata) error) error {
	if len(of) == 0 {
		return nil
	}
	if len(of) > lookUpMost {
		return c.lookThrough(ctx, at, []string{at.prefix + ">"}, f)
	}
	for some := range slices.Chunk(of, lookUpAtOnce) {
		var subjects []string
		for _, p := range some {
			subjects = append(subjects, at.prefix+encode(p.space)+"."+encode(p.caseID))
		}
		if err := c.lookThrough(ctx, at, subjects, f); err != nil {
			return err
		}
	}
	return nil
}

func (c *Conn) lookThrough(ctx context.Context, at traces, subjects []string, f func(jetstream.Msg, *jetstream.MsgMetadata) error) error {
	of := jetstream.OrderedConsumerConfig{FilterSubjects: subjects, DeliverPolicy: jetstream.DeliverAllPolicy}
	if at.since != nil {
		of.DeliverPolicy, of.OptStartTime = jetstream.DeliverByStartTimePolicy, at.since
	}
	if err := passOver(ctx, at.in, passing{of: of}, f); err != nil {
		return fmt.Errorf("look through %s: %w", at.in.CachedInfo().Config.Name, err)
	}
	return nil
}

// sight is what of a case is on the work stream.
type sight uint8

const (
	sightJob sight = 1 << iota
	sightRetry
	sightVerify
)

// sighted is one subject of the work stream.
type sighted struct {
	kind  sight
	queue string // a token
	at    place
}

// sighted reads a subject of the work stream. What others have written there may
// have no case: it is on its queue all the same.
func (c *Conn) sighted(subject string) (g sighted, ok bool) {
	tokens := strings.Split(strings.TrimPrefix(subject, c.names.prefix+"."), ".")
	if len(tokens) < 2 {
		return g, false
	}
	if g.queue = tokens[1]; len(tokens) > 3 {
		g.at = place{tokens[2], tokens[3]}
	}
	switch {
	case tokens[0] == "work":
		g.kind = sightJob
	case len(tokens) > 4 && tokens[4] == verifyToken:
		g.kind = sightVerify
	default:
		g.kind = sightRetry
	}
	return g, true
}

// inSight gives everything that is on the work stream to f. A work queue has no
// other readers than its queues' own, but its subjects can be listed, in pages:
// at most 100,000 of them are held. What moves meanwhile may be missed.
func (c *Conn) inSight(ctx context.Context, f func(sighted)) error {
	for offset := 0; ; {
		var page struct {
			Total int `json:"total"`
			State struct {
				Subjects map[string]uint64 `json:"subjects"`
			} `json:"state"`
			Error *jetstream.APIError `json:"error"`
		}
		ask := fmt.Appendf(nil, `{"subjects_filter":%q,"offset":%d}`, c.names.prefix+".>", offset)
		m, err := c.nc.RequestWithContext(ctx, "$JS.API.STREAM.INFO."+c.names.Work(), ask)
		if err == nil {
			err = json.Unmarshal(m.Data, &page)
		}
		if err == nil && page.Error != nil {
			err = page.Error
		}
		if err != nil {
			return fmt.Errorf("list what is on the work stream: %w", err)
		}
		for subject := range page.State.Subjects {
			if g, ok := c.sighted(subject); ok {
				f(g)
			}
		}
		offset += len(page.State.Subjects)
		if len(page.State.Subjects) == 0 || offset >= page.Total {
			return nil
		}
	}
}
