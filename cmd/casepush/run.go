package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/telemetry"
	"github.com/casepush/casepush/internal/worker"
)

func (a *app) runCommand() *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the worker",
		Long: `Run the worker: it takes case push events from the queue and brings the trackers up to date.

It stops on SIGTERM or an interrupt: nothing new is begun, what runs may end for worker.drain_timeout.
A second signal ends it at once; what was in flight is then looked up before it is repeated.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.work(cmd.Context(), once) },
	}
	a.configFlag(cmd.Flags())
	a.logLevelFlag(cmd.Flags())
	cmd.Flags().BoolVar(&once, "once", false, "do what is pending now, then exit")
	return cmd
}

func (a *app) work(ctx context.Context, once bool) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	log, err := a.logger(cfg)
	if err != nil {
		return err
	}
	q, err := openWorker(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer q.Close()
	if q.embedded != nil {
		log.Info("embedded NATS server", telemetry.String("url", q.embedded.URL()), telemetry.String("dir", cfg.Embedded.Dir))
	}
	w, err := worker.New(worker.Options{Config: cfg, Types: adapters.Types(), Conn: q.Conn, Log: log, Fatal: q.fatal})
	if err != nil {
		return fail(exitConfig, err, "")
	}
	if once {
		return a.drain(ctx, w)
	}
	stop, err := serve(cfg.HTTP, w.Handler(), log)
	if err != nil {
		return err
	}
	defer stop()
	return w.Run(ctx)
}

func (a *app) drain(ctx context.Context, w *worker.Worker) error {
	left, err := w.Drain(ctx)
	switch {
	case err != nil:
		return err
	case len(left.Refused) > 0:
		return fail(exitRefused, fmt.Errorf("credentials refused by connectors %q: their pushes wait on the queue", left.Refused), "correct the secrets and run again")
	case len(left.Held) > 0:
		return fail(exitPartly, fmt.Errorf("connectors %q are paused or held: their pushes wait on the queue", left.Held), "casepush connectors ls says why")
	case left.Waiting > 0:
		return fail(exitPartly, fmt.Errorf("%d pushes wait for a later attempt", left.Waiting), "the log says why; run again later")
	}
	return nil
}

// logger writes ECS lines, or lines for people when stderr is a terminal.
// Every secret of the configuration is redacted in whatever passes through.
func (a *app) logger(cfg *config.Config) (*telemetry.Logger, error) {
	level, err := telemetry.ParseLevel(a.logLevel)
	if err != nil {
		return nil, usage("--log-level: %v", err)
	}
	log := telemetry.NewLogger(telemetry.Options{
		Level: level, Console: isTerminal(a.err), Writer: a.err, Redact: httpclient.NewRedactor(cfg.Secrets()...).Redact,
	})
	return log, nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
