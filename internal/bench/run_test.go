//go:build linux

package bench

import (
	"slices"
	"time"
)

// figures are the results of one run.
type figures struct {
	pushes      int
	took        time.Duration // from the first request to the last
	cpu         time.Duration // of the program
	natsCPU     time.Duration
	peakMB      float64 // of the program
	conns       int
	requests    int
	delays      []time.Duration // from the publishing to the first request, sorted; nil: not measured
	startToPush time.Duration   // from the start of the program to the first request
	settled     time.Duration   // from the last event to the end of all work
}

func (f figures) rate() float64 { return float64(f.pushes) / f.took.Seconds() }

// cpuPer1000 is the CPU time of program and server for 1,000 pushes, in seconds.
func (f figures) cpuPer1000() float64 {
	return (f.cpu + f.natsCPU).Seconds() / float64(f.pushes) * 1000
}

// ownCPUPer1000 is that of the program alone.
func (f figures) ownCPUPer1000() float64 { return f.cpu.Seconds() / float64(f.pushes) * 1000 }

func (f figures) requestsPerPush() float64 { return float64(f.requests) / float64(f.pushes) }

func (f figures) connsPerPush() float64 { return float64(f.conns) / float64(f.pushes) }

// quantile is the delay that the given part of all does not exceed.
func (f figures) quantile(q float64) time.Duration {
	if len(f.delays) == 0 {
		return 0
	}
	return f.delays[min(len(f.delays)-1, int(q*float64(len(f.delays))))]
}

// backlog measures a run whose events wait on the queue when the program starts.
func (b *bench) backlog(s setup) figures {
	b.Helper()
	tr := startTracker(b, s.latencyMS)
	events := distinct(s.first, s.cases, s.comments)
	if s.embedded {
		begun, q, p := b.startEmbedded(s, events, tr)
		return b.measure(s, q, p, tr, begun)
	}
	q := b.startQueue(s.sync)
	publishAll(b, q.js, events)
	return b.backlogOn(s, q, tr)
}

// backlogOn measures a run on a queue that has the events.
func (b *bench) backlogOn(s setup, q *queue, tr *trackerProcess) figures {
	b.Helper()
	before := cpuTime(b, q.pid)
	begun := time.Now()
	p := b.startProgram(s, q, tr)
	f := b.measure(s, q, p, tr, begun)
	f.natsCPU = cpuTime(b, q.pid) - before
	return f
}

// measure waits until a program has done its events, and ends it.
func (b *bench) measure(s setup, q *queue, p *process, tr *trackerProcess, begun time.Time) figures {
	b.Helper()
	b.arrived(tr, p, s.cases*(1+s.comments))
	s.done(q, p, s.cases)
	f := b.figures(s, p, tr)
	f.startToPush = elapsed(begun.UnixNano(), tr.counts().First)
	p.stop()
	return f
}

// paced measures a run whose events come at a rate.
func (b *bench) paced(s setup, perSecond int) figures {
	b.Helper()
	tr := startTracker(b, s.latencyMS)
	var q *queue
	var p *process
	if s.embedded {
		_, q, p = b.startEmbedded(s, nil, tr)
	} else {
		q = b.startQueue(s.sync)
		p = b.startProgram(s, q, tr)
	}
	s.ready(p)
	times := publishAt(b, q.js, distinct(s.first, s.cases, s.comments), perSecond, 0, nil)
	b.arrived(tr, p, s.cases*(1+s.comments))
	s.done(q, p, s.cases)
	f := b.figures(s, p, tr)
	f.delays = times.delays(tr.cases())
	p.stop()
	return f
}

// delays are the times from publishing to the first request, sorted.
func (times published) delays(cases []seen) []time.Duration {
	delays := make([]time.Duration, 0, len(times))
	for number, at := range times {
		delays = append(delays, elapsed(at, cases[number].First))
	}
	slices.Sort(delays)
	return delays
}

// arrived waits until the tracker has been asked so often.
func (b *bench) arrived(tr *trackerProcess, p *process, requests int) {
	b.Helper()
	until(b, "the requests of "+p.name, func() bool {
		p.mustRun()
		return tr.counts().Requests >= requests
	})
}

// figures reads the program's and the tracker's figures and checks that each
// case and each comment is there once.
func (b *bench) figures(s setup, p *process, tr *trackerProcess) figures {
	b.Helper()
	c := tr.counts()
	f := figures{
		pushes: s.cases, took: elapsed(c.First, c.Last), cpu: cpuTime(b, p.PID()), peakMB: peakMB(b, p.PID()),
		conns: c.Conns, requests: c.Requests,
	}
	if c.Cases != s.cases || c.Creates != s.cases || c.Comments != s.cases*s.comments || c.Refused != 0 {
		b.Errorf("%s: %d cases with %d comments each: the tracker has %+v\n%s", s.name(), s.cases, s.comments, c, p.tail())
	}
	b.checkComments(s, tr)
	return f
}

// checkComments expects of each case every comment once, in order.
func (b *bench) checkComments(s setup, tr *trackerProcess) {
	b.Helper()
	want := make([]int, s.comments)
	for i := range want {
		want[i] = i
	}
	cases := tr.cases()
	for i := s.first; i < s.first+s.cases; i++ {
		if i >= len(cases) || !slices.Equal(cases[i].Comments, want) {
			b.Errorf("%s: case %d: comments differ from %v", s.name(), i, want)
			return
		}
	}
}
