package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
)

// tally is what became of a replay, as -o json prints it.
type tally struct {
	ReplayID string    `json:"replay_id"`
	FromSeq  uint64    `json:"from_seq,omitempty"` // of the events that were found
	ToSeq    uint64    `json:"to_seq,omitempty"`
	From     time.Time `json:"from,omitzero"`
	To       time.Time `json:"to,omitzero"`
	counts
	Connectors  []*counts    `json:"connectors"`
	LeftOut     []leftOut    `json:"left_out"`
	DeadLetters []deadLetter `json:"dead_letters"`
	Resume      string       `json:"resume,omitempty"` // a command
}

// counts are of one connector, or of all.
type counts struct {
	Connector    string `json:"connector_id,omitempty"`
	Events       int    `json:"events"`
	Cases        int    `json:"cases"`
	Queued       int    `json:"queued"`
	Pushed       int    `json:"pushed"`
	Unchanged    int    `json:"unchanged"`
	DeadLettered int    `json:"dead_lettered"` // those that are uncertain too
	Uncertain    int    `json:"uncertain"`
	Open         int    `json:"no_outcome"`
}

// outcomes is how many pushes have one.
func (c counts) outcomes() int { return c.Pushed + c.Unchanged + c.DeadLettered }

// leftOut is what is not sent again.
type leftOut struct {
	Reason      push.Reason `json:"reason"`
	ConnectorID string      `json:"connector_id,omitempty"`
	Events      int         `json:"events"`
	Cases       int         `json:"cases,omitempty"`
	Message     string      `json:"message"` // of the first one
}

// deadLetter is a push that ended in one.
type deadLetter struct {
	ConnectorID string      `json:"connector_id"`
	SpaceID     string      `json:"space_id"`
	CaseID      string      `json:"case_id"`
	Reason      push.Reason `json:"reason"`
}

func newTally(r *ops.Replay) *tally {
	span := r.Span()
	t := &tally{
		ReplayID: r.ID, FromSeq: span.FirstSeq, ToSeq: span.LastSeq, From: span.FirstAt, To: span.LastAt,
		Connectors: []*counts{}, LeftOut: []leftOut{}, DeadLetters: []deadLetter{},
	}
	cases := map[[2]string]bool{}
	for _, j := range r.Jobs {
		cases[[2]string{j.Space, j.Case}] = true
		c := t.of(j.Connector)
		c.Cases++
		c.Events += j.Span.Events
		t.Events += j.Span.Events
	}
	t.Cases = len(cases)
	slices.SortFunc(t.Connectors, func(a, b *counts) int { return strings.Compare(a.Connector, b.Connector) })
	for _, l := range r.Left {
		t.LeftOut = append(t.LeftOut, leftOut{l.Reason, l.Connector, l.Events, l.Cases, l.Err.Error()})
	}
	return t
}

// of finds the counts of a connector; there are few of them.
func (t *tally) of(connector string) *counts {
	i := slices.IndexFunc(t.Connectors, func(c *counts) bool { return c.Connector == connector })
	if i < 0 {
		i = len(t.Connectors)
		t.Connectors = append(t.Connectors, &counts{Connector: connector})
	}
	return t.Connectors[i]
}

func (t *tally) queued(j ops.ReplayJob) {
	t.Queued++
	t.of(j.Connector).Queued++
}

func (t *tally) outcome(r push.Result) {
	for _, c := range []*counts{&t.counts, t.of(r.ConnectorID)} {
		switch r.Outcome {
		case push.DeadLettered:
			c.DeadLettered++
			if r.Reason == push.ReasonUncertain {
				c.Uncertain++
			}
		case push.Unchanged:
			c.Unchanged++
		default:
			c.Pushed++
		}
	}
	if r.Outcome == push.DeadLettered {
		t.DeadLetters = append(t.DeadLetters, deadLetter{r.ConnectorID, r.SpaceID, r.CaseID, r.Reason})
	}
}

func (t *tally) withoutOutcome(jobs []ops.ReplayJob) {
	t.Open = len(jobs)
	for _, j := range jobs {
		t.of(j.Connector).Open++
	}
}

// announce says what would be done, before it is.
func (r *replayer) announce() {
	first := r.Extent
	if f := r.filter; first.First > 1 && (!f.Since.IsZero() && f.Since.Before(first.FirstAt) || f.FromSeq > 1 && f.FromSeq < first.First) {
		fmt.Fprintf(r.err, "the oldest event that is kept is %d, of %s\n", first.First, timeText(first.FirstAt))
	}
	t := r.tally
	switch {
	case len(r.Jobs) == 0 && len(t.LeftOut) == 0:
		fmt.Fprintln(r.err, "nothing is selected: no event that is kept is meant by this")
	case len(r.Jobs) == 0:
		fmt.Fprintln(r.err, "nothing is selected: none of these events goes to a connector here")
	default:
		fmt.Fprintf(r.err, "%s of %s, from %s to %s (sequences %d to %d):\n",
			plural(t.Events, "event"), plural(t.Cases, "case"), timeText(t.From), timeText(t.To), t.FromSeq, t.ToSeq)
		table := listing{out: r.err, format: formatTable, columns: []string{"connector", "events", "cases"}}
		for _, c := range t.Connectors {
			_ = table.row(nil, c.Connector, strconv.Itoa(c.Events), strconv.Itoa(c.Cases)) // talk: nobody hears of its errors
		}
		_ = table.close()
	}
	for _, l := range t.LeftOut {
		what := plural(l.Events, "event")
		if l.Cases > 0 {
			what = plural(l.Cases, "case") + " (" + what + ")"
		}
		if l.ConnectorID != "" {
			what += fmt.Sprintf(" of connector %q", l.ConnectorID)
		}
		fmt.Fprintf(r.err, "left out: %s: %s: %s\n", what, l.Reason, printable(l.Message))
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	if strings.HasSuffix(word, "sh") {
		word += "e"
	}
	return strconv.Itoa(n) + " " + word + "s"
}

// maxNamed bounds how many dead letters are named for people.
const maxNamed = 10

// print is the result.
func (r *replayer) print() error {
	t := r.tally
	for i, d := range t.DeadLetters {
		if i == maxNamed {
			fmt.Fprintf(r.err, "and %d more\n", len(t.DeadLetters)-maxNamed)
			break
		}
		fmt.Fprintf(r.err, "dead-lettered: case %s/%s at connector %s: %s\n", d.SpaceID, printable(d.CaseID), printable(d.ConnectorID), d.Reason)
	}
	if r.format == formatJSON {
		return r.printJSON(t)
	}
	columns := []string{"connector", "events", "cases", "queued"}
	if r.wait {
		columns = append(columns, "pushed", "unchanged", "dead_lettered", "no_outcome")
	}
	l, err := r.newListing(r.format, columns...)
	if err != nil {
		return err
	}
	for _, c := range t.Connectors {
		numbers := []int{c.Events, c.Cases, c.Queued, c.Pushed, c.Unchanged, c.DeadLettered, c.Open}
		cells := []string{c.Connector}
		for _, n := range numbers[:len(columns)-1] {
			cells = append(cells, strconv.Itoa(n))
		}
		if err := l.row(nil, cells...); err != nil {
			return err
		}
	}
	return l.close()
}
