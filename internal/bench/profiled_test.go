//go:build linux

package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/stream"
	"github.com/casepush/casepush/internal/telemetry"
	"github.com/casepush/casepush/internal/worker"
)

// runProfiled is `casepush run` with a CPU profile, for whoever wants to know
// where the time goes; its figures are not for the table.
func runProfiled(ctx context.Context, s spec) (err error) {
	cfg, problems := config.Load(s.Config, config.Options{Types: adapters.Types()})
	if problems.HasErrors() {
		return fmt.Errorf("configuration: %v", problems)
	}
	log := telemetry.NewLogger(telemetry.Options{Writer: os.Stderr})
	conn, err := stream.Connect(ctx, stream.Options{URL: s.NATS})
	if err != nil {
		return err
	}
	defer conn.Close()
	out, err := os.Create(s.Profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	w, err := worker.New(worker.Options{Config: cfg, Types: adapters.Types(), Conn: conn, Log: log})
	if err != nil {
		return err
	}
	return w.Run(ctx)
}
