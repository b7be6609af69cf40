package history

import (
	"fmt"
	"slices"
	"strings"
)

// place is what a step does.
type place int

const (
	ledgerGet place = iota
	ledgerPut
	mailboxRead
	trackerRead
	trackerWrite
	kibanaRead
	kibanaWrite
	resultPut
	letterPut
	wakePut
	jobAck
	jobNak
)

func (p place) String() string {
	return [...]string{
		"ledger get", "ledger put", "mailbox", "tracker read", "tracker write", "kibana read", "kibana write",
		"result", "dead letter", "wake-up", "ack", "hand back",
	}[p]
}

// misfortune is what goes wrong at a step.
type misfortune int

const (
	none misfortune = iota
	// The process ends, and another one goes on.
	dieBefore
	dieAfter
	dieLate // the request takes effect when it may at the latest: the settle time after the lease
	stop    // told to stop: the context is cancelled, the step happens
	// The step fails, and the process goes on.
	fail   // it does not happen
	lose   // it happens, its answer does not come
	blind  // it happens, neither its answer nor the next read comes
	refuse // it happens, the answer says conflict (repeated below us)
	late   // no answer; it happens at the end of the settle time
	hang   // no answer until the worker gives up; it happens the settle time after that
	stuck  // the same, and others go on meanwhile
	limit  // 429 with Retry-After
	forbid // 403: a dead letter is due, and is redriven
	held   // the connector is held: the request is not sent
	stale  // the mailbox answers without its newest event
	// Somebody else acts before the step.
	rival    // the same job is delivered to another worker, which works on it once
	pause    // the process is suspended until others have finished everything
	title    // a person changes the title: a newer event
	added    // a person adds a comment: a newer event
	edited   // a person edits a comment: a newer event
	reopen   // a person reopens the case; no event
	replayed // an operator replays the newest event
)

func (m misfortune) String() string {
	return [...]string{
		"none", "die before", "die after", "die, effect late", "stop", "fail", "answer lost", "answer lost and blind", "answered conflict",
		"effect late", "hang", "stuck", "429", "403", "held", "stale", "rival", "pause", "newer title", "newer comment", "edited comment", "reopen", "replay",
	}[m]
}

// name is String without spaces and commas.
func (m misfortune) name() string {
	return strings.NewReplacer(", ", "-", " ", "-").Replace(m.String())
}

// possible lists what can go wrong at a place. What makes no difference from
// another entry is left out: a death before a read is one after the last write.
func possible(at place) []misfortune {
	others := []misfortune{rival, pause, stop, title, added, edited, reopen, replayed}
	if at == ledgerGet || at == trackerRead {
		// What people do is not seen here: it is the same as at the next step.
		others = others[:3]
	}
	own := map[place][]misfortune{
		ledgerGet:    {fail},
		ledgerPut:    {dieBefore, dieAfter, fail, lose, blind, refuse},
		mailboxRead:  {fail, stale},
		trackerRead:  {fail, lose, limit, forbid, held},
		trackerWrite: {dieBefore, dieAfter, dieLate, fail, lose, late, hang, stuck, limit, forbid, held},
		kibanaRead:   {fail},
		kibanaWrite:  {dieBefore, dieAfter, fail, lose},
		resultPut:    {dieBefore, dieAfter, fail, lose},
		letterPut:    {dieBefore, dieAfter, fail, lose},
		wakePut:      {dieBefore, dieAfter, fail, lose},
		jobAck:       {dieBefore, lose},
		jobNak:       {dieBefore},
	}[at]
	return append(own, others...)
}

// mishap is a misfortune at a step.
type mishap struct {
	step int
	what misfortune
}

// fate is a history's mishaps, in the order of their steps.
type fate []mishap

func (f fate) at(step int) misfortune {
	for _, m := range f {
		if m.step == step {
			return m.what
		}
	}
	return none
}

func (f fate) has(what misfortune) bool {
	return slices.ContainsFunc(f, func(m mishap) bool { return m.what == what })
}

// String names the history, for people and for replaying it: 12:die-after+15:429.
func (f fate) String() string {
	if len(f) == 0 {
		return "calm"
	}
	parts := make([]string, len(f))
	for i, m := range f {
		parts[i] = fmt.Sprintf("%d:%s", m.step, m.what.name())
	}
	return strings.Join(parts, "+")
}

// death is what ends a process: the panic of a step, recovered by the queue.
type death struct{ p *process }

// step is passed before anything is asked of the world by p. It counts, lets
// happen what happens before the step, and returns what is to go wrong in it.
func (w *world) step(p *process, at place) misfortune {
	if p.dead {
		w.problemf("a dead process goes on at %s", at)
	}
	w.tick()
	if !w.counting {
		return none
	}
	n := len(w.steps)
	w.steps = append(w.steps, at)
	m := w.fate.at(n)
	if w.trace != nil {
		w.trace("%s  step %d: %s %s (%s)", w.clock(), n, p.name, at, m)
	}
	switch m {
	case dieBefore:
		p.die()
	case stop:
		p.cancel()
		p.stopped = true
	case rival:
		w.rival(p)
	case pause:
		w.pause(p)
	case title, added, edited, replayed:
		w.change(m)
	case reopen:
		w.reopen()
	}
	return m
}
