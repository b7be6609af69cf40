package history

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// message is a job in the work queue.
type message struct {
	job        push.Job
	ready      time.Time // when it may be delivered (again)
	deliveries int
	acked      bool
}

func (w *world) enqueue(job push.Job) {
	w.queue = append(w.queue, &message{job: job, ready: time.Now()})
}

// maxDeliveries ends a history that never comes to rest.
const maxDeliveries = 300

// run delivers jobs, one after the other, until nothing is left to do: no job,
// no wake-up, no request that is still to take effect.
func (w *world) run() {
	for range maxDeliveries {
		m := w.next()
		if m == nil {
			wait(lease + settleTime + findDelay) // for what is still on its way
			return
		}
		wait(time.Until(m.ready))
		if w.main.dead || w.main.stopped {
			w.main = w.newProcess()
		}
		w.deliver(w.main, m)
	}
	w.problemf("not at rest after %d deliveries", maxDeliveries)
}

// next is the job that may be delivered first; a wake-up whose time comes
// before that becomes a job.
func (w *world) next() *message {
	w.queue = slices.DeleteFunc(w.queue, func(m *message) bool { return m.acked })
	first := func() *message {
		if len(w.queue) == 0 {
			return nil
		}
		return slices.MinFunc(w.queue, func(a, b *message) int { return cmp.Compare(a.ready.UnixNano(), b.ready.UnixNano()) })
	}
	for _, wakes := range []map[ledger.Key]*message{w.later, w.looks} {
		for key, wake := range wakes {
			if m := first(); m == nil || !wake.ready.After(m.ready) {
				delete(wakes, key)
				w.queue = append(w.queue, wake)
			}
		}
	}
	return first()
}

// deliver gives the job to the process and does what it says.
func (w *world) deliver(p *process, m *message) {
	job := m.job
	job.Redelivered = m.deliveries > 0
	m.deliveries++
	before := p.holding
	p.holding, p.began = m, time.Now()
	m.ready = time.Now().Add(24 * time.Hour) // in work
	defer func() {
		p.holding = before
		switch v := recover().(type) {
		case nil:
			return
		case death:
			if v.p != p {
				panic(v)
			}
		default:
			panic(v)
		}
		m.ready = time.Now().Add(ackWait)
	}()
	v, err := p.pusher.Push(p.ctx, job)
	if w.trace != nil {
		w.trace("%s  %s: %v %s %v err=%v", w.clock(), p.name, v.Action, v.Note, v.Err, err)
	}
	w.conclude(p, m, v, err)
}

// conclude hands the job back, stores a wake-up, or acknowledges: what the
// worker does with a verdict.
func (w *world) conclude(p *process, m *message, v push.Verdict, err error) {
	w.duplicates = append(w.duplicates, v.Duplicates...)
	switch {
	case err != nil:
		w.handBack(p, m, time.Second)
	case v.Action == push.HandBack:
		w.handBack(p, m, v.Delay)
	case !v.VerifyAt.IsZero() && w.wakeAs(p, m.job, push.KindVerify, v.VerifyAt) != nil:
		w.handBack(p, m, time.Second)
	case v.Action == push.Later:
		if w.wake(p, m.job, v.At) != nil {
			w.handBack(p, m, time.Second)
			return
		}
		w.ack(p, m)
	default:
		w.ack(p, m)
	}
}

func (w *world) handBack(p *process, m *message, delay time.Duration) {
	w.step(p, jobNak)
	m.ready = time.Now().Add(delay)
}

// wake stores the wake-up of a push.
func (w *world) wake(p *process, job push.Job, at time.Time) error {
	if job.Kind == push.KindReplay {
		return w.wakeAs(p, job, push.KindReplay, at)
	}
	return w.wakeAs(p, job, push.KindRetry, at)
}

// wakeAs stores a wake-up, in whole seconds, never early.
func (w *world) wakeAs(p *process, job push.Job, kind push.Kind, at time.Time) error {
	job.Kind, job.QueuedAt = kind, time.Time{}
	wakes := w.later
	if kind == push.KindVerify {
		wakes = w.looks
	}
	if whole := at.Truncate(time.Second); whole.Before(at) {
		at = whole.Add(time.Second)
	}
	stored := func() { wakes[job.Key()] = &message{job: job, ready: at} }
	switch w.step(p, wakePut) {
	case fail:
		return errors.New("no wake-up stored")
	case lose:
		stored()
		return errors.New("no answer")
	case dieAfter:
		stored()
		p.die()
	}
	stored()
	return nil
}

func (w *world) ack(p *process, m *message) {
	if w.step(p, jobAck) == lose {
		m.ready = time.Now().Add(ackWait)
		return
	}
	m.acked = true
}

// rival delivers p's job to another worker, which works on it once, while p
// stands still.
func (w *world) rival(p *process) {
	m := p.holding
	w.deliver(w.newProcess(), m)
	if !m.acked {
		// p may still end it; else it comes again.
		if again := time.Now().Add(ackWait); m.ready.Before(again) {
			m.ready = again
		}
	}
}

// pause suspends p; meanwhile its job is delivered again, and others go on
// until nothing is left to do.
func (w *world) pause(p *process) {
	p.holding.ready = time.Now().Add(ackWait)
	suspended := w.main
	w.main = w.newProcess()
	w.run()
	w.main = suspended
}

func entryKey() ledger.Key { return ledger.Key{Connector: connectorID, Space: space, Case: caseID} }
