package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/stream"
	"github.com/casepush/casepush/internal/telemetry"
)

// queue is a connection to NATS, with the embedded server behind it if this
// process runs that.
type queue struct {
	*stream.Conn
	embedded *stream.Embedded // nil: somebody else's server
	dir      string           // of the embedded server
	bad      int              // how often in a row the embedded server was found to be broken
}

// enough is how often that has to be.
const enough = 3

// fatal says why this process cannot go on with its queue; nil while it can.
func (q *queue) fatal() error {
	if q.embedded == nil {
		return nil
	}
	err := q.embedded.Err()
	if err == nil {
		q.bad = 0
		return nil
	}
	if q.bad++; q.bad < enough {
		return nil
	}
	return fail(exitUnreachable, fmt.Errorf("the embedded NATS server cannot write to %q any more: %w", q.dir, err),
		"is the disk full? Make room and start casepush again; what was taken is kept")
}

func (q *queue) Close() {
	q.Conn.Close()
	if q.embedded != nil {
		q.embedded.Stop()
	}
}

func streamOptions(cfg *config.Config, log *telemetry.Logger) (stream.Options, error) {
	tls, err := cfg.NATS.TLS.Config()
	if err != nil {
		return stream.Options{}, fail(exitConfig, fmt.Errorf("nats.tls: %w", err), "")
	}
	return stream.Options{
		URL: cfg.NATS.URL, Creds: cfg.NATS.Creds, User: cfg.NATS.User, Password: cfg.NATS.Password, Token: cfg.NATS.Token, TLS: tls,
		Prefix: cfg.NATS.Prefix, Replicas: cfg.NATS.Replicas, Manage: stream.Manage(cfg.NATS.Manage), Name: "casepush",
		OnState: func(connected bool, err error) {
			if connected {
				log.Info("NATS is back")
			} else {
				log.Warn("NATS is away: will be tried again", telemetry.Err(err))
			}
		},
	}, nil
}

// openWorker connects as the worker does: with the embedded server of its own
// when no other is configured. It sets the retention of streams that are there.
func openWorker(ctx context.Context, cfg *config.Config, log *telemetry.Logger) (*queue, error) {
	opts, err := streamOptions(cfg, log)
	if err != nil {
		return nil, err
	}
	opts.Retention = stream.Retention(cfg.NATS.Retention)
	return open(ctx, cfg, opts, log)
}

func open(ctx context.Context, cfg *config.Config, opts stream.Options, log *telemetry.Logger) (*queue, error) {
	var err error
	q := &queue{dir: cfg.Embedded.Dir}
	if cfg.UsesEmbedded() {
		q.embedded, err = stream.StartEmbedded(stream.EmbeddedOptions{
			Dir: cfg.Embedded.Dir, Listen: cfg.Embedded.Listen,
			Log: func(text string) { log.Warn("embedded NATS server: " + text) },
		})
		if err != nil {
			return nil, fail(exitUnreachable, err, "")
		}
		opts.Embedded = q.embedded
	}
	if q.Conn, err = stream.Connect(ctx, opts); err != nil {
		if q.embedded != nil {
			q.embedded.Stop()
		}
		return nil, noConnection(err)
	}
	return q, nil
}

// openTool connects as the other commands do: to the worker's embedded server
// if one runs, else to one of its own on the same directory. Retention stays
// as it is: a producer's configuration may say nothing of it.
func openTool(ctx context.Context, cfg *config.Config) (*queue, error) {
	opts, err := streamOptions(cfg, telemetry.Nop())
	if err != nil {
		return nil, err
	}
	if !cfg.UsesEmbedded() || cfg.Embedded.Listen == "" {
		return open(ctx, cfg, opts, telemetry.Nop())
	}
	listening := opts
	listening.URL = "nats://" + cfg.Embedded.Listen
	conn, err := stream.Connect(ctx, listening)
	switch {
	case errors.Is(err, stream.ErrUnreachable):
		return open(ctx, cfg, opts, telemetry.Nop())
	case err != nil:
		return nil, noConnection(err)
	}
	return &queue{Conn: conn}, nil
}

// noConnection gives an error of stream.Connect its exit code, and a hint.
func noConnection(err error) error {
	switch {
	case errors.Is(err, stream.ErrUnreachable):
		return fail(exitUnreachable, err, "start nats-server -js there, or correct nats.url (CASEPUSH_NATS_URL); without nats.url casepush runs an embedded server")
	case errors.Is(err, stream.ErrRefused):
		return fail(exitRefused, err, "correct nats.user and nats.password, nats.token or nats.creds, or what the server lets this user do")
	case errors.Is(err, stream.ErrUnfit):
		return fail(exitFailed, err, "the server has to be changed, or nats.url has to name another; docs/configuration.md says under nats what is needed")
	}
	return fail(exitConfig, err, "")
}
