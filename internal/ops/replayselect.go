package ops

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// selection reduces events to jobs.
type selection struct {
	*Ops
	filter   ReplayFilter
	by       Resolver
	progress Progress

	jobs map[ledger.Key]ReplayJob
	// open are cases with events whose connector is not known yet: Kibana is
	// asked once for each, whatever the number of its events.
	open map[caseKey]Span
	left map[leftKey]LeftOut
}

type caseKey struct{ space, id string }

type leftKey struct {
	reason    push.Reason
	connector string
}

// Steps of a selection.
const (
	StepRead    = "reading events"
	StepResolve = "finding connectors"
	StepCheck   = "reading the ledger"
)

// blind: where the events went makes no difference, so their bodies are not
// needed, but for the newest of each case.
func (s *selection) blind() bool { return s.filter.To != "" && s.filter.Connector == "" }

// read goes through the events once.
func (s *selection) read(ctx context.Context) error {
	past := s.filter.Past
	past.WithoutBodies = s.blind()
	done := uint64(0)
	return s.conn.Past(ctx, past, func(in stream.Incoming, id string, rest uint64) error {
		done++
		s.progress(StepRead, done, done+rest)
		if s.blind() {
			s.postpone(in)
			return nil
		}
		return s.take(ctx, in, id)
	})
}

func (s *selection) postpone(in stream.Incoming) {
	key := caseKey{in.Space, in.Case}
	s.open[key] = s.open[key].with(spanOf(in))
}

// take finds the connector of one event, unless only Kibana knows it.
func (s *selection) take(ctx context.Context, in stream.Incoming, id string) error {
	job, reason, err := s.by.Named(in, id)
	switch {
	case err != nil:
		s.leave(LeftOut{Reason: reason, Events: 1, Err: err})
		return nil
	case job.Connector != "":
		s.add(job, spanOf(in))
		return nil
	case in.Event.Thin():
		s.postpone(in)
		return nil
	}
	return s.ask(ctx, in, id, spanOf(in))
}

// ask resolves the connector of an event, which counts for all of its span.
func (s *selection) ask(ctx context.Context, in stream.Incoming, id string, span Span) error {
	job, err := s.by.Resolve(ctx, in, id)
	var refusal *connector.Error
	switch {
	case err == nil:
		s.add(job, span)
		return nil
	case !errors.As(err, &refusal):
		return err
	}
	d := push.Decide(push.Situation{
		Stage: push.StageCase, Err: refusal, Attempts: 1, First: time.Now(), Now: time.Now(), Policy: push.DefaultPolicy,
	})
	if d.Verb == push.Retry {
		return err
	}
	s.leave(LeftOut{Reason: d.Reason, Events: span.Events, Cases: 1, Err: err})
	return nil
}

// add counts events for the job of their connector and case; that of the newest
// event stays.
func (s *selection) add(job push.Job, span Span) {
	switch {
	case s.filter.Connector != "" && s.filter.Connector != job.Connector:
		return
	case s.filter.To != "":
		job.Connector = s.filter.To
	case job.Connector == "":
		s.leave(LeftOut{Reason: push.ReasonNoConnector, Events: span.Events, Err: errNoConnector})
		return
	}
	j := s.jobs[job.Key()]
	if j.Seq <= job.Seq {
		j.Job = job
	}
	j.Span = j.Span.with(span)
	s.jobs[job.Key()] = j
}

var errNoConnector = errors.New("neither the event, the case nor the configuration of its owner names one")

func (s *selection) leave(l LeftOut) {
	key := leftKey{l.Reason, l.Connector}
	have, ok := s.left[key]
	if ok {
		l.Events, l.Cases, l.Err = l.Events+have.Events, l.Cases+have.Cases, have.Err
	}
	s.left[key] = l
}

// resolve finds the jobs of open cases, by the newest event of each.
func (s *selection) resolve(ctx context.Context) error {
	keys := slices.SortedFunc(maps.Keys(s.open), func(a, b caseKey) int {
		return cmp.Compare(s.open[a].LastSeq, s.open[b].LastSeq)
	})
	for i, key := range keys {
		s.progress(StepResolve, uint64(i), uint64(len(keys)))
		span := s.open[key]
		in, id, ok, err := s.conn.Event(ctx, span.LastSeq)
		switch {
		case err != nil:
			return err
		case !ok:
			s.leave(LeftOut{Reason: push.ReasonEventExpired, Events: span.Events, Cases: 1, Err: errGone})
		case s.blind():
			err = s.newest(ctx, in, id, span)
		default:
			err = s.ask(ctx, in, id, span)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var errGone = errors.New("the event was removed meanwhile")

// newest adds the job of a case whose events were not looked at: of its newest
// event, or the newest one that can be read.
func (s *selection) newest(ctx context.Context, in stream.Incoming, id string, span Span) error {
	if job, _, err := s.by.Named(in, id); err == nil {
		s.add(job, span)
		return nil
	}
	past := s.filter.Past
	past.Space, past.Case = in.Space, in.Case
	return s.conn.Past(ctx, past, func(in stream.Incoming, id string, _ uint64) error {
		job, reason, err := s.by.Named(in, id)
		if err != nil {
			s.leave(LeftOut{Reason: reason, Events: 1, Err: err})
			return nil
		}
		s.add(job, spanOf(in))
		return nil
	})
}

// check leaves out jobs that could do nothing: those of connectors that are not
// there, and those of entries that wait for a person.
func (s *selection) check(ctx context.Context) error {
	wrong := map[string]error{}
	done := uint64(0)
	for key, j := range s.jobs {
		s.progress(StepCheck, done, uint64(len(s.jobs)))
		done++
		if _, ok := wrong[key.Connector]; !ok {
			_, wrong[key.Connector] = s.connectors.Target(ctx, key.Connector)
		}
		l := LeftOut{Connector: key.Connector, Events: j.Span.Events, Cases: 1, Err: wrong[key.Connector]}
		switch {
		case errors.Is(l.Err, push.ErrConnectorNotFound):
			l.Reason = push.ReasonConnectorNotFound
		case errors.Is(l.Err, push.ErrUnsupportedType):
			l.Reason = push.ReasonUnsupportedType
		default: // any other error is met again, judged and recorded by the push
			e, _, err := s.conn.Ledger().Get(ctx, key)
			if err != nil {
				return err
			}
			if !e.Blocked {
				continue
			}
			l.Reason, l.Err = push.ReasonUncertain, ErrUncertain
		}
		s.leave(l)
		delete(s.jobs, key)
	}
	return nil
}
