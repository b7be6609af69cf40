//go:build linux

package bench

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/ledger"
)

const ledgerCases = 5000

// fullLedger: W1 with a ledger that has many entries already.
func fullLedger(b *bench) {
	sizes := []int{0, 10_000, 100_000, 1_000_000}
	queues := make([]*queue, len(sizes))
	for i, n := range sizes {
		queues[i] = b.startQueue(false)
		b.fillLedger(queues[i], n)
	}
	runs := make([][]figures, len(sizes))
	round := 0
	b.rounds("W5", rounds, func() {
		for i, q := range queues {
			s := setup{program: casepush, cases: ledgerCases, first: round * ledgerCases}
			publishAll(b, q.js, distinct(s.first, s.cases, 0))
			runs[i] = append(runs[i], b.backlogOn(s, q, startTracker(b, 0)))
		}
		round++
	})
	b.Logf("W5: W1 with a full ledger, medians of %d\n%s", rounds, rows("entries\tpushes/s\t/empty\tCPU s/1,000\tpeak MiB\tof the server\tstart to first push", func(w *tabwriter.Writer) {
		for i, n := range sizes {
			ratios := make([]float64, len(runs[i]))
			for j := range ratios {
				ratios[j] = runs[i][j].rate() / runs[0][j].rate()
			}
			c := column{runs: runs[i]}
			fmt.Fprintf(w, "%d\t%.0f\t%.2f\t%.2f\t%.0f\t%.0f\t%.0f ms\n", n, c.median(figures.rate), median(ratios), c.median(figures.cpuPer1000),
				c.median(func(f figures) float64 { return f.peakMB }), peakMB(b, queues[i].pid), c.median(func(f figures) float64 { return ms(f.startToPush) }))
		}
	}))
	b.embeddedLedger(queues[len(queues)-1], sizes[len(sizes)-1], round)
}

// embeddedLedger measures once the start of casepush with the server inside on
// the store of a queue.
func (b *bench) embeddedLedger(q *queue, entries, round int) {
	b.Helper()
	s := setup{program: casepush, cases: ledgerCases, first: round * ledgerCases, embedded: true}
	publishAll(b, q.js, distinct(s.first, s.cases, 0))
	q.stop()
	tr := startTracker(b, 0)
	begun, q, p := b.startOn(s, q, tr)
	f := b.measure(s, q, p, tr, begun)
	b.Logf("W5: embedded server on that store, %d entries: %.0f ms from start to first push, %.0f pushes/s, peak %.0f MiB", entries, ms(f.startToPush), f.rate(), f.peakMB)
}

// fillLedger stores entries of pushed cases, of numbers that no run uses.
func (b *bench) fillLedger(q *queue, n int) {
	b.Helper()
	const firstNumber = 1_000_000_000
	pattern, err := json.Marshal(pushedEntry(caseMark))
	if err != nil {
		b.Fatal(err)
	}
	before, after, _ := strings.Cut(string(pattern), caseMark)
	acks := make([]jetstream.PubAckFuture, 0, n)
	for i := range n {
		id := caseID(firstNumber + i)
		msg := nats.NewMsg("$KV.casepush_ledger." + connectorID + "." + space + "." + id)
		msg.Data = []byte(before + id + after)
		acks = append(acks, publish(b, q.js, msg))
	}
	await(b, acks)
}

// pushedEntry is the entry of a case that was pushed with two comments.
func pushedEntry(eventID string) ledger.Entry {
	digest := connector.Digest(description)
	at := ledger.Position{Stream: "1l6sl2k1k2jf3", Seq: 4711}
	e := ledger.Entry{
		Format: ledger.Format, Write: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", Cursor: at, Want: at, Epoch: 1,
		Incident: &ledger.Incident{ID: "104711", Title: "HMS-104711", URL: "https://hms.atlassian.net/browse/HMS-104711", How: ledger.Created, Tracker: "https://hms.atlassian.net", At: created},
		Fields:   map[string]string{"summary": digest, "description": digest, "labels": digest, "issueType": digest, "priority": digest},
		Pushed:   ledger.CaseState{At: created, SeqNo: 4711, Term: 1, Seq: at.Seq},
		Last:     &ledger.Outcome{Outcome: "pushed", EventID: eventID, EventSeq: at.Seq, Through: at, Owner: "securitySolution", Attempts: 1, TookMS: 12, At: created.Add(time.Second)},
	}
	for _, id := range []string{"c-1", "c-2"} {
		e.MarkSent(id, ledger.Sent{Source: digest, Digest: digest})
	}
	return e
}
