package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/gate"
	"github.com/casepush/casepush/internal/ops"
)

func (a *app) connectorsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "connectors",
		Short: "Connectors: which are worked on, and pausing them",
		RunE:  needsVerb,
	}
	a.configFlag(cmd.PersistentFlags())
	cmd.AddCommand(a.connectorsLs(), a.connectorsPause(), a.connectorsResume())
	return cmd
}

func (a *app) connectorsLs() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "ls", Short: "List connectors, and whether they are worked on", Args: noArgs,
		Long: `List the connectors of the configuration, those that it does not know and that have a queue all the same,
and "kibana": the events that wait for Kibana to tell their connector. States:

  working   nothing stands in its way
  paused    by a person, until casepush connectors resume
  held      the tracker is down, asked to wait or refuses our credentials: nothing is sent until the time shown
  probing   that time is over: one push at a time, until one shows that the tracker works

Jobs are pushes on the queue, retries those that wait for their next attempt.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := a.newListing(format, "id", "type", "name", "state", "since", "until", "jobs", "retries", "worker", "why")
			if err != nil {
				return err
			}
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error {
				qs, err := o.Queues(ctx, knownConnectors(o.config))
				if err != nil {
					return errors.Join(err, l.close())
				}
				return errors.Join(listQueues(l, qs), l.close(), a.warnNoWorker(qs))
			})
		},
	}
	listingFlag(cmd, &format)
	return cmd
}

// knownConnectors are those of the configuration.
func knownConnectors(cfg *config.Config) []ops.KnownConnector {
	var known []ops.KnownConnector
	for _, def := range cfg.Connectors {
		known = append(known, ops.KnownConnector{ID: def.ID, Name: def.Name, Type: def.Type})
	}
	return known
}

// explainedQueue is a queue with what stands in its way.
type explainedQueue struct {
	ops.Queue
	Why string `json:"why,omitempty"`
}

func listQueues(l *listing, qs ops.Queues) error {
	for _, q := range qs.List {
		why := q.Why()
		typ := q.Type
		if q.Unknown {
			typ = "unknown"
		}
		err := l.row(explainedQueue{q, why}, q.ID, typ, q.Name, string(q.State), timeText(q.Since()), untilText(q),
			strconv.FormatUint(q.Jobs, 10), strconv.FormatUint(q.Retries, 10), q.Worker, why)
		if err != nil {
			return err
		}
	}
	return nil
}

func untilText(q ops.Queue) string {
	if q.State == gate.Paused {
		return "resumed"
	}
	return timeText(q.Until())
}

// warnNoWorker: "working" says that nothing stands in the way, not that
// anybody is there.
func (a *app) warnNoWorker(qs ops.Queues) error {
	for _, q := range qs.List {
		if q.Worker != "" {
			return nil
		}
	}
	_, err := fmt.Fprintln(a.err, "no worker has a queue: casepush run starts one")
	return err
}

// nearest is the known id that a misspelt one stands for, "" if none is near.
func nearest(id string, qs ops.Queues) string {
	names := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, q := range qs.List {
		names.AddCommand(&cobra.Command{Use: q.ID, Run: func(*cobra.Command, []string) {}})
	}
	for _, near := range names.SuggestionsFor(id) {
		if _, err := qs.Find(near); err == nil {
			return near
		}
	}
	return ""
}
