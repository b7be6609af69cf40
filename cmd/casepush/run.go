package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

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
	q, err := open(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer q.Close()
	if q.embedded != nil {
		log.Info("embedded NATS server", telemetry.String("url", q.embedded.URL()), telemetry.String("dir", cfg.Embedded.Dir))
	}
	w, err := worker.New(worker.Options{Config: cfg, Types: adapters.Types(), Conn: q.Conn, Log: log})
	if err != nil {
		return fail(exitConfig, err, "")
	}
	if once {
		return a.drain(ctx, w)
	}
	stop, err := serve(cfg, w.Handler(), log)
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
	case len(left.Held) > 0:
		return fail(exitRefused, fmt.Errorf("credentials refused by connectors %q: their pushes wait on the queue", left.Held), "correct the secrets and run again")
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
	log, _ := telemetry.NewLogger(telemetry.Options{
		Level: level, Console: isTerminal(a.err), Writer: a.err, Redact: httpclient.NewRedactor(cfg.Secrets()...).Redact,
	})
	return log, nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

const (
	readHeaderTimeout = 10 * time.Second
	shutdownTimeout   = 2 * time.Second
)

// serve answers the probes until stop is called.
func serve(cfg *config.Config, h http.Handler, log *telemetry.Logger) (stop func(), err error) {
	listen := cfg.HTTP.Listen
	if listen == "" {
		return func() {}, nil
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fail(exitFailed, fmt.Errorf("http.listen %q: %w", listen, err), "set http.listen (CASEPUSH_HTTP_LISTEN) to another address, for example 127.0.0.1:0")
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: readHeaderTimeout, ErrorLog: telemetry.StdLog(log, telemetry.WarnLevel)}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("health listener ended", telemetry.Err(err))
		}
	}()
	log.Info("health", telemetry.String("url", "http://"+l.Addr().String()+"/readyz"))
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		_ = server.Shutdown(ctx)
	}, nil
}
