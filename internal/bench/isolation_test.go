//go:build linux

package bench

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// pairs of a comparison of the worker with itself.
const pairs = 5

// brokenTracker: the rate of one connector while another one's tracker is
// broken, against its rate while that works. Both have the same backlog.
func brokenTracker(b *bench) {
	faults := []string{faultNone, faultRefuse, fault503, faultHole}
	ratios := map[string][]float64{}
	rates := map[string][]float64{}
	b.rounds("W4", pairs, func() {
		for _, fault := range faults {
			rate := b.besideBroken(fault)
			rates[fault] = append(rates[fault], rate)
			if fault != faultNone {
				ratios[fault] = append(ratios[fault], rate/last(rates[faultNone]))
			}
		}
	})
	b.Logf("W4: two trackers, %d pushes each, medians of %d; the healthy one without a fault: %.0f pushes/s\n%s",
		casesPerTracker, pairs, median(rates[faultNone]), rows("fault of the other", func(w *tabwriter.Writer) {
			for _, fault := range faults[1:] {
				fmt.Fprintf(w, "%s\t%.0f/s\t%.2f of its own rate\t(%s)\n", fault, median(rates[fault]), median(ratios[fault]), list(ratios[fault]))
			}
		}))
}

const casesPerTracker = 4000

// besideBroken is the rate of a healthy tracker beside one with a fault.
func (b *bench) besideBroken(fault string) float64 {
	b.Helper()
	const brokenID = "broken-jira"
	healthy, broken := startTracker(b, 0), startTracker(b, 0)
	broken.fault(fault)
	q := b.startQueue(false)
	events := distinct(0, 2*casesPerTracker, 0)
	for i := range events {
		if i%2 == 1 {
			events[i].connector = brokenID
		}
	}
	publishAll(b, q.js, events)
	p := b.startCasepush(b.writeConfig(external(q.url), defaultFlight, target{connectorID, healthy.url}, target{brokenID, broken.url}))
	b.arrived(healthy, p, casesPerTracker)
	c := healthy.counts()
	p.Kill() // some of its requests have no answer
	if c.Cases != casesPerTracker || c.Creates != casesPerTracker || c.Refused != 0 {
		b.Errorf("healthy tracker beside %q: %+v, want %d creates\n%s", fault, c, casesPerTracker, p.tail())
	}
	if made := broken.counts().Creates; fault != faultNone && made != 0 {
		b.Errorf("broken tracker (%q) took %d creates", fault, made)
	}
	return float64(casesPerTracker) / elapsed(c.First, c.Last).Seconds()
}

// brokenCase: how long other cases wait while one is refused for ever and one
// has 200 updates queued.
func brokenCase(b *bench) {
	var with, without column
	var hot []seen
	b.rounds("W6", pairs, func() {
		quiet, _ := b.besideCases(false)
		disturbed, c := b.besideCases(true)
		without.runs, with.runs, hot = append(without.runs, quiet), append(with.runs, disturbed), append(hot, c)
	})
	b.Logf("W6: %d cases at %d/s, and beside them a case that is refused and one with %d updates at once, medians of %d\n%s",
		othersCases, othersPerSecond, hotUpdates, pairs, rows("event to request of the others\twithout\twith\tratio", func(w *tabwriter.Writer) {
			for _, q := range []float64{0.5, 0.99} {
				ratios := make([]float64, pairs)
				for i := range ratios {
					ratios[i] = ms(with.runs[i].quantile(q)) / ms(without.runs[i].quantile(q))
				}
				fmt.Fprintf(w, "p%.0f\t%s\t%s\t%.2f\t(%s)\n", 100*q, without.delay(q), with.delay(q), median(ratios), list(ratios))
			}
			after := func(f figures) float64 { return f.settled.Seconds() }
			fmt.Fprintf(w, "all done after the last event\t%.1f s\t%.1f s\n", without.median(after), with.median(after))
		}))
	for _, c := range hot {
		b.Logf("W6: %d updates made %d create, %d updates, %d comments", hotUpdates, c.Creates, c.Updates, len(c.Comments))
	}
}

const (
	othersCases, othersPerSecond = 600, 100
	hotUpdates, hotComments      = 200, 5
	// mostHotWrites is "a handful": updates of the issue of the hot case.
	mostHotWrites = 10
)

// besideCases measures how long ordinary cases wait, and returns what was seen
// of the case with many updates.
func (b *bench) besideCases(disturbed bool) (figures, seen) {
	b.Helper()
	const hotNumber, poisonedNumber = othersCases, othersCases + 1
	tr, q := startTracker(b, 0), b.startQueue(false)
	s := setup{program: casepush}
	p := b.startProgram(s, q, tr)
	s.ready(p)
	var burst []event
	if disturbed {
		burst = append(burst, event{number: poisonedNumber, title: poison})
		for i := range hotUpdates {
			burst = append(burst, event{number: hotNumber, updates: i, title: fmt.Sprintf("state %d", i), comments: 1 + i*hotComments/hotUpdates})
		}
	}
	times := publishAt(b, q.js, distinct(0, othersCases, 0), othersPerSecond, othersCases/3, burst)
	published := time.Now()
	b.arrived(tr, p, othersCases)
	outcomes := othersCases
	if disturbed {
		outcomes += 2
	}
	s.done(q, p, outcomes)
	cases := tr.cases()
	f := figures{delays: times.delays(cases), settled: time.Since(published)}
	dead := q.messages(deadLetterStream)
	p.stop()
	if !disturbed {
		return f, seen{}
	}
	b.checkHot(cases[hotNumber])
	if dead != 1 || cases[poisonedNumber].Refused != 1 {
		b.Errorf("the poisoned case: %d dead letters, %+v, want one of one refusal", dead, cases[poisonedNumber])
	}
	return f, cases[hotNumber]
}

func (b *bench) checkHot(c seen) {
	b.Helper()
	if c.Creates != 1 || c.Updates > mostHotWrites || len(c.Comments) != hotComments {
		b.Errorf("the case with %d updates: %+v, want 1 create, at most %d updates, %d comments", hotUpdates, c, mostHotWrites, hotComments)
		return
	}
	for i, n := range c.Comments {
		if n != i {
			b.Errorf("comments of the case with many updates: %v, want them in order", c.Comments)
		}
	}
}

func last(values []float64) float64 { return values[len(values)-1] }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// list prints the single values behind a median.
func list(values []float64) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprintf("%.2f", v)
	}
	return strings.Join(texts, " ")
}
