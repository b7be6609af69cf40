package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/gate"
	"github.com/casepush/casepush/internal/ops"
)

func (a *app) connectorsResume() *cobra.Command {
	var f queueFlags
	cmd := &cobra.Command{
		Use: "resume ID… | --all", Short: "End a pause or a hold of a connector: its pushes go at once",
		Long: `End a connector's pause, and its hold: the tracker is back, or takes the credentials again. What waits on its
queue goes at once; a push that was tried before goes at the time of its next attempt.

--all ends the pause of all, and tells which connectors are still paused by themselves, or held.`,
		Example: "  casepush connectors resume soc-jira\n  casepush connectors resume --all",
		Args:    func(_ *cobra.Command, args []string) error { return f.check(args) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := a.newChanges(f.format)
			if err != nil {
				return err
			}
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error { return a.resume(ctx, o, l, &f) })
		},
	}
	f.add(cmd)
	return cmd
}

func (a *app) resume(ctx context.Context, o operator, l *listing, f *queueFlags) error {
	qs, err := o.Queues(ctx, knownConnectors(o.config))
	if err != nil {
		return err
	}
	if f.all {
		return errors.Join(a.resumeAll(ctx, o, l, qs), l.close())
	}
	queues, err := a.findQueues(qs, f)
	if err != nil {
		return err
	}
	for _, q := range queues {
		changed, err := o.ResumeQueue(ctx, q)
		if err != nil {
			return errors.Join(fmt.Errorf("resume %q: %w", q.ID, err), l.close())
		}
		if err := l.change(resumed(q, changed)); err != nil {
			return err
		}
	}
	if err := l.close(); err != nil || qs.Pause == nil {
		return err
	}
	return fail(exitPartly, errors.New("nothing is sent yet: all connectors are paused"+ops.PauseWords(*qs.Pause)), "casepush connectors resume --all")
}

// resumed says what became of one queue.
func resumed(q ops.Queue, changed bool) queueChange {
	c := queueChange{ID: q.ID, Changed: changed, State: gate.Working, Result: "was neither paused nor held"}
	if changed {
		c.Result = "resumed; was " + q.WithoutPauseOfAll().Why()
	}
	if q.PauseOfAll != nil {
		c.State = gate.Paused
		c.Result += "; still paused with all"
	}
	return c
}

// resumeAll also lists what still stands in the way of single connectors.
func (a *app) resumeAll(ctx context.Context, o operator, l *listing, qs ops.Queues) error {
	changed, err := o.ResumeAllQueues(ctx, qs)
	if err != nil {
		return fmt.Errorf("resume all: %w", err)
	}
	c := queueChange{All: true, Changed: changed, Result: "resumed"}
	if !changed {
		c.Result = "were not paused"
	}
	if err := l.change(c); err != nil {
		return err
	}
	left := false
	for _, q := range qs.List {
		q = q.WithoutPauseOfAll()
		if q.State == gate.Working {
			continue
		}
		left = true
		if err := l.change(queueChange{ID: q.ID, State: q.State, Result: still(q)}); err != nil {
			return err
		}
	}
	if left {
		fmt.Fprintln(a.err, "casepush connectors resume ID ends what concerns one connector alone")
	}
	return nil
}

// still says what stands in the way of one connector alone.
func still(q ops.Queue) string {
	words := "still " + string(q.State) + " since " + timeText(q.Since())
	if q.Pause != nil {
		return words + ops.PauseWords(*q.Pause)
	}
	return words + ": " + q.Why()
}
