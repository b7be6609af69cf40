package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
)

func (a *app) resolveCommand() *cobra.Command {
	var r resolver
	cmd := &cobra.Command{
		Use:   "resolve CASE --connector ID (--incident ID | --none | --comment ID (--sent | --unsent))",
		Short: "Settle by hand what is uncertain",
		Long: `Settle by hand what is uncertain: a create or a comment that may have happened at a tracker which cannot
be searched, or an incident that is gone. Look at the tracker first, then say what is there:

  --incident ID          this is the case's incident; it must be there, and no other case's
  --none                 the case has no incident there: the next push creates one
  --comment ID --sent    the comment is there; --unsent: it is not

What the case still owes is pushed at once; its dead letter goes when that succeeds. A claim by a worker is
watched for its lease; if the worker shows life, nothing is changed.`,
		Args:    r.args,
		PreRunE: r.check,
		RunE: func(cmd *cobra.Command, args []string) error {
			r.key.Case = args[0]
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error { return a.resolve(ctx, o, r) })
		},
	}
	a.configFlag(cmd.Flags())
	r.add(cmd)
	return cmd
}

func (r *resolver) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&r.key.Connector, "connector", "", "`id` of the connector (required)")
	f.StringVar(&r.key.Space, "space-id", event.DefaultSpace, "Kibana `space` of the case")
	f.StringVar(&r.incident, "incident", "", "`id` of the case's incident at the tracker")
	f.StringVar(&r.title, "title", "", "its `title`, for example HMS-17 (default: its id)")
	f.StringVar(&r.url, "url", "", "its `address` for people")
	f.BoolVar(&r.none, "none", false, "the case has no incident there")
	f.StringVar(&r.comment, "comment", "", "`id` of the comment, as incidents show has it")
	f.BoolVar(&r.sent, "sent", false, "the comment is there")
	f.BoolVar(&r.unsent, "unsent", false, "the comment is not there")
	f.BoolVar(&r.yes, "yes", false, "also take or replace an incident when nothing is wrong, or link one that cannot be looked up")
}

// resolver is a person's word about an entry.
type resolver struct {
	key                           ledger.Key
	incident, title, url, comment string
	none, sent, unsent, yes       bool
}

func (r *resolver) args(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("%s takes one case id, got %d arguments", cmd.CommandPath(), len(args))
	}
	return nil
}

func (r *resolver) check(*cobra.Command, []string) error {
	said := 0
	for _, b := range []bool{r.incident != "", r.none, r.comment != ""} {
		if b {
			said++
		}
	}
	switch {
	case r.key.Connector == "":
		return usage("which connector? Name it with --connector ID")
	case said != 1:
		return usage("say one of --incident ID, --none, --comment ID")
	case r.comment != "" && r.sent == r.unsent:
		return usage("--comment %q: was it --sent or --unsent?", r.comment)
	case r.comment == "" && (r.sent || r.unsent):
		return usage("--sent and --unsent go with --comment")
	case r.incident == "" && (r.title != "" || r.url != ""):
		return usage("--title and --url go with --incident")
	case r.url != "" && !isWeb(r.url):
		return usage("--url %q: want an address with http or https", r.url)
	}
	return nil
}

// isWeb reports whether a browser can show s: it becomes a link in Kibana.
func isWeb(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func (r *resolver) resolution() push.Resolution {
	v := push.Resolution{None: r.none, CommentID: r.comment, Sent: r.sent}
	if r.incident != "" {
		v.Incident = connector.Ref{ID: r.incident, Title: r.title, URL: r.url}
		if r.title == "" {
			v.Incident.Title = r.incident
		}
	}
	return v
}

func (a *app) resolve(ctx context.Context, o operator, r resolver) error {
	done, err := o.Resolve(ctx, r.key, ops.ResolveOptions{
		Resolution: r.resolution(), Sure: r.yes,
		OnClaim: func(owner string, lease time.Duration) {
			fmt.Fprintf(a.err, "worker %q holds the case: watching for %s whether it is alive\n", owner, lease)
		},
	})
	where := fmt.Sprintf("case %q at connector %q", r.key.Case, r.key.Connector)
	switch {
	case errors.Is(err, ops.ErrNoEntry):
		return fail(exitFailed, fmt.Errorf("%s: %w", where, err), "casepush incidents show "+r.key.Case)
	case errors.Is(err, ops.ErrClaimed), errors.Is(err, ledger.ErrConflict):
		return fail(exitFailed, fmt.Errorf("%s: %w: nothing was changed", where, err), "wait until it is done, look again, then repeat")
	case errors.Is(err, ops.ErrInStep), errors.Is(err, ops.ErrNotLookedUp):
		return fail(exitFailed, fmt.Errorf("%s: %w", where, err), "if that is what you want, add --yes")
	case errors.Is(err, ops.ErrTaken), errors.Is(err, ops.ErrNoIncident):
		return fail(exitFailed, fmt.Errorf("%s: %w: nothing was changed", where, err), "look at the tracker again: --incident wants the tracker's own id")
	case errors.Is(err, push.ErrNothingToResolve), errors.Is(err, push.ErrNoSuchComment):
		return fail(exitFailed, fmt.Errorf("%s: %w", where, err), "casepush incidents show "+r.key.Case+" says what is")
	case err != nil:
		return fmt.Errorf("%s: %w", where, err)
	}
	_, err = fmt.Fprintf(a.out, "%s: %s\n", where, strings.Join(resolvedWords(done), "; "))
	return err
}

// resolvedWords says in words what resolving has done.
func resolvedWords(done ops.Resolved) []string {
	var words []string
	if done.IncidentID == "" {
		words = append(words, "has no incident")
	} else {
		words = append(words, "has incident "+printable(done.Title))
	}
	if done.Uncertain != nil {
		words = append(words, "still uncertain and looked up again: "+done.Uncertain.String())
	}
	if done.Redriven {
		return append(words, "pushed again now")
	}
	return append(words, "nothing was owed: the next event pushes it")
}
