package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
)

const defaultWait = 60 * time.Second

func (a *app) pushCommand() *cobra.Command {
	var from eventFlags
	p := &publisher{app: a}
	cmd := &cobra.Command{
		Use:   "push (--case ID | -f FILE | -)",
		Short: "Publish push events",
		Long: `Publish push events: the worker brings the trackers up to date with their cases.

Events come from the flags, or from a file with one JSON object a line (or a single one), plain or as
CloudEvents; - is standard input. All of them are checked first, and nothing is published unless all are events.
One line is printed for each: its sequence, the case, and "stored" or "duplicate".

With --wait each line has the outcome, of a dead letter the reason and the message. Exit codes then: 0 all pushed, unchanged or skipped, 6 some were
dead-lettered, 7 all of these are uncertain, 1 no outcome in time. A duplicate is not waited for.`,
		Example: `  casepush push --case 7349772f-421a-4de3-b8bb-2d9b22ccee30 --wait
  casepush push -f events.jsonl
  echo '{"case_id": "c-1", "case": {"id": "c-1", "title": "Login"}}' | casepush push -`,
		Args:    from.args,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return errors.Join(from.check(cmd), p.check(cmd)) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			src, err := from.open(a)
			if err != nil {
				return err
			}
			defer src.Close()
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error { return p.publish(ctx, o, src) })
		},
	}
	a.configFlag(cmd.Flags())
	from.add(cmd)
	cmd.Flags().BoolVar(&p.wait, "wait", false, "wait for the outcome of each event")
	cmd.Flags().DurationVar(&p.timeout, "timeout", defaultWait, "how long to wait for an outcome, from the publishing of its event")
	cmd.Flags().StringVarP(&p.format, "output", "o", "", "`format`: tsv or json, one object a line (default tsv)")
	return cmd
}

// publisher publishes events in order and tells each one's end in that order.
type publisher struct {
	*app
	wait    bool
	timeout time.Duration
	format  string

	queue                       []awaited // published, not told yet, oldest first
	told, dead, uncertain, late int
	explained                   int
	mend                        string // of the first dead letter that was explained
}

// maxAwaited bounds how many events wait for their outcomes at once.
const maxAwaited = 256

type awaited struct {
	*ops.Awaited
	until time.Time
}

func (p *publisher) check(cmd *cobra.Command) error {
	switch {
	case p.format != "" && p.format != formatTabs && p.format != formatJSON:
		return usage("-o %q: want tsv or json", p.format)
	case !p.wait && cmd.Flags().Changed("timeout"):
		return usage("--timeout goes with --wait")
	case p.timeout <= 0:
		return usage("--timeout %s: want more than 0", p.timeout)
	}
	return nil
}

func (p *publisher) publish(ctx context.Context, o operator, src *events) error {
	if o.queue.embedded != nil {
		if p.wait {
			return fail(exitUnreachable, fmt.Errorf("no worker runs at %q: nobody would bring about an outcome", o.config.Embedded.Listen),
				"start casepush run, or push without --wait: the next run does it")
		}
		fmt.Fprintf(p.err, "no worker runs: events are kept in %s until casepush run\n", o.config.Embedded.Dir)
	}
	defer func() {
		for _, w := range p.queue {
			w.Close()
		}
	}()
	if err := src.each(func(e event.Event) error { return p.send(ctx, o, e) }); err != nil {
		return p.stopped(src, err)
	}
	for len(p.queue) > 0 {
		if err := p.tellOldest(ctx, o); err != nil {
			return p.stopped(src, err)
		}
	}
	return p.summary()
}

// stopped says how far it came.
func (p *publisher) stopped(src *events, err error) error {
	if src.count > 1 {
		return fmt.Errorf("%w (%d of %d events were told above)", err, p.told, src.count)
	}
	return err
}

func (p *publisher) send(ctx context.Context, o operator, e event.Event) error {
	if !p.wait {
		r, err := o.Publish(ctx, e)
		if err != nil {
			return err
		}
		return p.tell(told{Receipt: r})
	}
	if len(p.queue) == maxAwaited {
		if err := p.tellOldest(ctx, o); err != nil {
			return err
		}
	}
	w, err := o.PublishAwaited(ctx, e)
	if err != nil {
		return err
	}
	p.queue = append(p.queue, awaited{w, time.Now().Add(p.timeout)})
	return nil
}

func (p *publisher) tellOldest(ctx context.Context, o operator) error {
	w := p.queue[0]
	p.queue = p.queue[1:]
	defer w.Close()
	if w.Duplicate {
		return p.tell(told{Receipt: w.Receipt})
	}
	inTime, cancel := context.WithDeadline(ctx, w.until)
	defer cancel()
	r, err := w.Outcome(inTime)
	switch {
	case err == nil:
		t := told{Receipt: w.Receipt, Result: &r}
		t.DeadLetter, err = p.explain(ctx, o, r)
		return errors.Join(p.tell(t), err)
	case ctx.Err() != nil || inTime.Err() == nil:
		return err
	}
	blocked, err := p.blocked(ctx, o, w.Receipt)
	if err != nil {
		return err
	}
	return p.tell(told{Receipt: w.Receipt, TimedOut: true, Blocked: blocked})
}

// maxExplained bounds the passes over all dead letters.
const maxExplained = 10

// explain finds what a result leaves out: what was wrong, and what to do.
func (p *publisher) explain(ctx context.Context, o operator, r push.Result) (*explanation, error) {
	if r.Outcome != push.DeadLettered || p.explained == maxExplained {
		return nil, nil
	}
	d, ok, err := o.DeadLetterOf(ctx, r)
	if err != nil || !ok {
		return nil, err
	}
	p.explained++
	x := &explanation{ID: d.ID, Message: d.Message, Mend: ops.Mend(d)}
	if p.mend == "" {
		p.mend = x.Mend
	}
	return x, nil
}

// explanation is what a dead letter says beyond its reason.
type explanation struct {
	ID      uint64 `json:"id"`
	Message string `json:"message"`
	Mend    string `json:"mend"`
}

// blocked reports whether an event has no outcome because its case waits for
// a person. It goes through the ledger once, for the first event that is late.
func (p *publisher) blocked(ctx context.Context, o operator, r ops.Receipt) (blocked bool, err error) {
	if p.late > 0 {
		return false, nil
	}
	err = o.Incidents(ctx, ops.IncidentFilter{Space: r.SpaceID, Case: r.CaseID}, func(i ops.Incident) error {
		blocked = blocked || i.Blocked
		return nil
	})
	return blocked, err
}

// told is what is said of one event.
type told struct {
	ops.Receipt
	TimedOut bool         `json:"timed_out,omitempty"`
	Blocked  bool         `json:"blocked,omitempty"` // it waits for a person
	Result   *push.Result `json:"result,omitempty"`
	// DeadLetter is nil after the first maxExplained ones.
	DeadLetter *explanation `json:"dead_letter,omitempty"`
}

func (p *publisher) tell(t told) error {
	p.told++
	switch {
	case t.Blocked:
		p.uncertain++
	case t.TimedOut:
		p.late++
	case t.Result == nil || t.Result.Outcome != push.DeadLettered:
	case t.Result.Reason == push.ReasonUncertain:
		p.uncertain++
	default:
		p.dead++
	}
	if p.format == formatJSON {
		b, err := marshal(t)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.out, "%s\n", b)
		return err
	}
	cells := append([]string{strconv.FormatUint(t.Seq, 10), t.SpaceID + "/" + t.CaseID}, t.end()...)
	_, err := fmt.Fprintln(p.out, strings.Join(cells, "\t"))
	return err
}

// end is the part of a line that says what became of the event.
func (t told) end() []string {
	switch {
	case t.Duplicate:
		return []string{"duplicate"}
	case t.Blocked:
		return []string{"uncertain: waits for a person"}
	case t.TimedOut:
		return []string{"no outcome in time"}
	case t.Result == nil:
		return []string{"stored"}
	}
	cells := []string{string(t.Result.Outcome)}
	if t.Result.Reason != "" {
		cells = append(cells, string(t.Result.Reason))
	}
	if t.DeadLetter != nil {
		cells = append(cells, printable(t.DeadLetter.Message))
	}
	if s := t.Result.ExternalService; s != nil {
		cells = append(cells, printable(s.ExternalTitle), printable(s.ExternalURL))
	}
	if t.Result.Closed {
		cells = append(cells, "closed")
	}
	return cells
}

func (p *publisher) summary() error {
	switch {
	case p.dead > 0:
		err := fmt.Errorf("%d of %d events were dead-lettered", p.dead+p.uncertain, p.told)
		if p.late > 0 {
			err = fmt.Errorf("%w, %d have no outcome within %s", err, p.late, p.timeout)
		}
		return fail(exitPartly, err, p.hint("casepush dlq ls shows the reasons"))
	case p.late > 0:
		return fail(exitFailed, fmt.Errorf("%d of %d events have no outcome within %s: they stay on the queue", p.late, p.told, p.timeout), "is a worker running, and does the tracker answer? casepush incidents ls shows what waits")
	case p.uncertain > 0:
		return fail(exitUncertain, fmt.Errorf("%d of %d events are uncertain: something may have been sent, and a person must decide", p.uncertain, p.told), p.hint("casepush incidents ls --uncertain"))
	}
	return nil
}

// hint says how to mend a single dead letter; of several, where they are seen.
func (p *publisher) hint(several string) string {
	if p.dead+p.uncertain == 1 && p.mend != "" {
		return p.mend
	}
	return several
}
