package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

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
	prefix := "$KV." + s.c.names.Ledger() + ".*."
	return s.c.lookUp(ctx, s.c.ledger, jetstream.DeliverLastPerSubjectPolicy, prefix, w.open(), func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
		key, ok := store.key(m.Subject())
		if !ok {
			return nil
		}
		e, err := decodeEntry(m.Data())
		if err != nil || !e.Exists() {
			return err
		}
		for _, a := range w.cases[place{key.Space, key.Case}] {
			if a.connector != "" && a.connector != key.Connector {
				continue
			}
			at := ledger.Position{Stream: s.mark.Stream, Seq: a.seq}
			if e.Blocked || e.Cursor.Covers(at) || e.Want.Covers(at) {
				a.covered = true
			}
		}
		return nil
	})
}

// outcomes marks the events whose outcome was told. Outcomes say in which stream
// they count only by their time.
func (s *sweeper) outcomes(ctx context.Context, w *window) error {
	open := w.open()
	if len(open) == 0 {
		return nil
	}
	results, err := s.c.js.Stream(ctx, s.c.names.Results())
	if err != nil {
		return fmt.Errorf("results: %w", err)
	}
	return s.c.lookUp(ctx, results, jetstream.DeliverAllPolicy, s.c.names.join("result", ""), open, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		var r push.Result
		if json.Unmarshal(m.Data(), &r) != nil {
			return nil // somebody else's message on our subject
		}
		for _, a := range w.cases[place{r.SpaceID, r.CaseID}] {
			if !meta.Timestamp.Before(a.storedAt) {
				a.ended(r.ConnectorID, r.EventSeq, r.ThroughSeq)
			}
		}
		return nil
	})
}

// letters marks the events that a dead letter speaks of.
func (s *sweeper) letters(ctx context.Context, w *window) error {
	return s.c.lookUp(ctx, s.c.dlq, jetstream.DeliverAllPolicy, s.c.names.join("dlq", "*", ""), w.open(), func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
		var d push.DeadLetter
		if json.Unmarshal(m.Data(), &d) != nil || d.EventStream != s.mark.Stream {
			return nil
		}
		for _, a := range w.cases[place{d.SpaceID, d.CaseID}] {
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

// lookUpAtOnce bounds the subjects of one request.
const lookUpAtOnce = 500

// lookUp gives what a stream has of the cases, under a prefix, to f.
func (c *Conn) lookUp(ctx context.Context, s jetstream.Stream, policy jetstream.DeliverPolicy, prefix string, of []place, f func(jetstream.Msg, *jetstream.MsgMetadata) error) error {
	for some := range slices.Chunk(of, lookUpAtOnce) {
		var subjects []string
		for _, at := range some {
			subjects = append(subjects, prefix+encode(at.space)+"."+encode(at.caseID))
		}
		err := passOver(ctx, s, jetstream.OrderedConsumerConfig{FilterSubjects: subjects, DeliverPolicy: policy}, f)
		if err != nil {
			return fmt.Errorf("look up cases in %s: %w", s.CachedInfo().Config.Name, err)
		}
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

// sighted reads a subject of the work stream.
func (c *Conn) sighted(subject string) (g sighted, ok bool) {
	tokens := strings.Split(strings.TrimPrefix(subject, c.names.prefix+"."), ".")
	if len(tokens) < 4 {
		return g, false
	}
	g.queue, g.at = tokens[1], place{tokens[2], tokens[3]}
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
