package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/gate"
	"github.com/casepush/casepush/internal/ops"
)

// queueFlags say which queues are paused or resumed.
type queueFlags struct {
	ids         []string
	all, force  bool
	why, format string
}

func (f *queueFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.all, "all", false, "all of them, those to come included")
	listingFlag(cmd, &f.format)
}

// check reads the ids.
func (f *queueFlags) check(args []string) error {
	switch {
	case len(args) == 0 && !f.all:
		return usage("which? Name ids, or --all: casepush connectors ls shows them")
	case len(args) > 0 && f.all:
		return usage("name ids, or --all, not both")
	case slices.Contains(args, ""):
		return usage("an id is empty: casepush connectors ls shows them")
	}
	for _, id := range args {
		if !slices.Contains(f.ids, id) {
			f.ids = append(f.ids, id)
		}
	}
	return nil
}

func (a *app) connectorsPause() *cobra.Command {
	var f queueFlags
	cmd := &cobra.Command{
		Use: "pause (ID… | --all) [--why TEXT]", Short: "Send nothing to a connector's tracker until it is resumed",
		Long: `Send nothing to a connector's tracker until it is resumed, whatever is restarted meanwhile. All workers hear
of it within moments; a push in flight ends before its next request. Events are taken, and their pushes wait:
none is lost, none is tried, none grows too old.

"kibana" pauses the events that wait for Kibana to tell their connector. A connector that is paused already
stays as it is. --all is a pause of its own, beside those of single connectors.`,
		Example: "  casepush connectors pause soc-jira --why \"Jira is upgraded until noon\"\n  casepush connectors pause --all",
		Args:    func(_ *cobra.Command, args []string) error { return f.check(args) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := a.newChanges(f.format)
			if err != nil {
				return err
			}
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error { return a.pause(ctx, o, l, &f) })
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.why, "why", "", "`text` for those who wonder")
	cmd.Flags().BoolVar(&f.force, "force", false, "also a connector that nothing knows yet")
	return cmd
}

// queueChange is one line of what pause and resume print.
type queueChange struct {
	ID      string     `json:"id,omitempty"`
	All     bool       `json:"all,omitempty"`
	Changed bool       `json:"changed"`
	State   gate.State `json:"state,omitempty"` // that it is in now
	Result  string     `json:"result"`
}

// allText is the first cell of a row about all connectors.
const allText = "all connectors"

func (l *listing) change(c queueChange) error {
	id := c.ID
	if c.All {
		id = allText
	}
	return l.row(c, id, c.Result)
}

func (a *app) newChanges(format string) (*listing, error) {
	return a.newListing(format, "id", "result")
}

func (a *app) pause(ctx context.Context, o operator, l *listing, f *queueFlags) error {
	qs, err := o.Queues(ctx, knownConnectors(o.config))
	if err != nil {
		return err
	}
	p := gate.Pause{Since: time.Now().UTC().Truncate(time.Second), By: osUser(), Why: f.why}
	if f.all {
		return errors.Join(pauseAll(ctx, o, l, qs, p), l.close())
	}
	queues, err := a.findQueues(qs, f)
	if err != nil {
		return err
	}
	for _, q := range queues {
		changed, err := o.PauseQueue(ctx, q, p)
		if err != nil {
			return errors.Join(fmt.Errorf("pause %q: %w", q.ID, err), l.close())
		}
		result := "paused"
		if !changed {
			result = alreadyPaused(*q.Pause)
		}
		if err := l.change(queueChange{ID: q.ID, Changed: changed, State: gate.Paused, Result: result}); err != nil {
			return err
		}
	}
	return l.close()
}

func pauseAll(ctx context.Context, o operator, l *listing, qs ops.Queues, p gate.Pause) error {
	changed, err := o.PauseAllQueues(ctx, qs, p)
	if err != nil {
		return fmt.Errorf("pause all: %w", err)
	}
	result := "paused, those to come included"
	if !changed {
		result = alreadyPaused(*qs.Pause)
	}
	return l.change(queueChange{All: true, Changed: changed, State: gate.Paused, Result: result})
}

func alreadyPaused(p gate.Pause) string {
	return "was paused already, since " + timeText(p.Since) + ops.PauseWords(p)
}

// findQueues finds what is named, all of it or nothing. What nothing knows is
// taken with --force, for a connector that will come.
func (a *app) findQueues(qs ops.Queues, f *queueFlags) ([]ops.Queue, error) {
	var found []ops.Queue
	for _, id := range f.ids {
		q, err := qs.Find(id)
		switch {
		case err == nil:
		case f.force:
			fmt.Fprintf(a.err, "warning: neither the configuration nor a queue knows %q: it is paused for when it comes\n", id)
			q = ops.Queue{ID: id, ConnectorID: id, Unknown: true}
		default:
			hint := "casepush connectors ls shows them"
			if near := nearest(id, qs); near != "" {
				hint = fmt.Sprintf("did you mean %q? ", near) + hint
			}
			return nil, fail(exitFailed, fmt.Errorf("%w: nothing was changed", err), hint)
		}
		found = append(found, q)
	}
	return found, nil
}

// osUser is who runs this, as the system knows.
func osUser() string {
	if u, err := user.Current(); err == nil {
		return cmp.Or(u.Username, u.Uid)
	}
	return "uid " + strconv.Itoa(os.Getuid())
}
