package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/demo"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/telemetry"
)

func (a *app) demoCommand() *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the worker at work on a fake Kibana and fake trackers",
		Long: `Push sample cases from a fake Kibana to fake trackers, with the worker that run has and a
queue inside this process, and show what became of each. What the servers hold and what was
published is compared with what is expected; a difference is named.

Nothing leaves this host: ports are free ones of loopback, files are in a temporary directory
that is removed at the end. No configuration is read. --log-level shows the worker's log too.

Without --once it then stays up until interrupted, so that you can look around and push more.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log := telemetry.Nop()
			if cmd.Flags().Changed("log-level") {
				var err error
				if log, err = a.logger(config.Defaults()); err != nil {
					return err
				}
			}
			return a.demo(cmd.Context(), once, log)
		},
	}
	a.logLevelFlag(cmd.Flags())
	cmd.Flags().BoolVar(&once, "once", false, "exit when all samples are pushed: 0 if each is as expected, else 1")
	return cmd
}

func (a *app) demo(ctx context.Context, once bool, log *telemetry.Logger) (err error) {
	opts := demo.Options{Types: adapters.Types(), Log: log}
	if !once {
		opts.NATSListen = "127.0.0.1:0"
	}
	// It outlives ctx until Close, so that the worker stops in order.
	d, err := demo.Start(context.WithoutCancel(ctx), opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	fmt.Fprintf(a.err, "Pushing %d sample cases. Some trackers fail on purpose: this takes a few seconds.\n", demo.Samples())
	rows, err := d.Run(ctx)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	look := a.lookOf(a.out)
	look.table(a.out, rows)
	verdict := a.judge(rows, d.Stray(rows))
	if once {
		return verdict
	}
	a.addresses(d)
	a.pushMore(ctx, d)
	return verdict
}

// judge says on stdout that all is well, else on stderr what differs.
func (a *app) judge(rows []demo.Row, stray error) error {
	differ := 0
	for _, r := range rows {
		for _, w := range r.Wrong {
			fmt.Fprintf(a.err, "%s: %s\n", r.Sample, w)
		}
		if len(r.Wrong) > 0 {
			differ++
		}
	}
	if stray != nil {
		fmt.Fprintln(a.err, stray)
	}
	switch {
	case differ > 0:
		return fail(exitFailed, fmt.Errorf("demo: %d of %d samples differ from what is expected", differ, len(rows)), "")
	case stray != nil:
		return fail(exitFailed, errors.New("demo: a tracker holds incidents that belong to no sample"), "")
	}
	incidents := 0
	for _, r := range rows {
		if r.Incident != "" {
			incidents++
		}
	}
	fmt.Fprintf(a.out, "\n%d samples, each as expected: %d incidents, one per case, none twice.\n", len(rows), incidents)
	return nil
}

// addresses says where everything is and how to go on.
func (a *app) addresses(d *demo.Demo) {
	const id = "demo-new-comment"
	kibana := d.KibanaURL()
	fmt.Fprintf(a.out, "\nStill running, until Ctrl-C:\n\n  %-22s %s   user %s, password %s\n", "fake Kibana", kibana, demo.Analyst, demo.AnalystPassword)
	for _, t := range d.Trackers() {
		fmt.Fprintf(a.out, "  %-22s %s   connector %s\n", t.Name, t.URL, t.Connector)
	}
	fmt.Fprintf(a.out, "  %-22s %s\n", "NATS", d.NATSURL())
	fmt.Fprintf(a.out, `
Add a comment to a case:

  curl -u %s:%s %s/api/cases/%s/comments -H 'kbn-xsrf: true' -H 'Content-Type: application/json' \
    -d '{"type":"user","owner":"cases","comment":"One more."}'

Push it: type its id here, or publish an event:

  %s
  CASEPUSH_NATS_URL=%s casepush push --case %s --wait
  nats --server %s pub %s '{"case_id":"%s"}'

All that a fake holds, and what was asked of it: its address with /__state or /__requests.

`, demo.Analyst, demo.AnalystPassword, kibana, id, id, d.NATSURL(), id, d.NATSURL(), d.Subject(id), id)
}

// pushMore pushes the cases whose ids are typed, until ctx ends.
func (a *app) pushMore(ctx context.Context, d *demo.Demo) {
	lines := make(chan string)
	go readLines(ctx, a.in, lines)
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-lines:
			r, err := d.Push(ctx, event.Event{CaseID: id})
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				fmt.Fprintln(a.err, err)
			case r.ExternalService != nil:
				fmt.Fprintf(a.out, "%s: %s, %s\n", id, r.Outcome, r.ExternalService.ExternalURL)
			default:
				fmt.Fprintf(a.out, "%s: %s, %s\n", id, r.Outcome, r.Reason)
			}
		}
	}
}

// readLines gives each line that is not empty to the channel. A read that
// waits for a terminal cannot be interrupted: it ends with the process.
func readLines(ctx context.Context, in io.Reader, lines chan<- string) {
	if in == nil {
		return
	}
	for s := bufio.NewScanner(in); s.Scan(); {
		line := strings.TrimSpace(s.Text())
		if line == "" {
			continue
		}
		select {
		case lines <- line:
		case <-ctx.Done():
			return
		}
	}
}
