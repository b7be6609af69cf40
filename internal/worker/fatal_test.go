package worker_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/telemetry"
	"github.com/casepush/casepush/internal/worker"
)

var errBroken = errors.New("the disk is full")

// A queue beyond repair ends the worker with the reason, also when pushes in
// flight do not end in time, as is likely then.
func TestFatal(t *testing.T) {
	t.Parallel()
	for name, inFlight := range map[string]bool{"idle": false, "a push in flight": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.configure(strings.Replace(rigConfig, "drain_timeout: 5s", "drain_timeout: 0s", 1))
			if inFlight {
				if _, err := r.jira.Faults().Add(fakes.Rule{Path: "**", Delay: fakes.Duration(5 * time.Second)}); err != nil {
					t.Fatal(err)
				}
				c := r.addCase(kibana.Case{Title: "In flight"})
				if _, _, err := r.conn.Publish(t.Context(), event.Event{CaseID: c.ID, SpaceID: "default"}); err != nil {
					t.Fatal(err)
				}
			}
			w, err := worker.New(worker.Options{
				Config: r.cfg, Types: adapters.Types(), Conn: r.conn, Log: telemetry.Nop(),
				Fatal: func() error { return errBroken },
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Run(t.Context()); !errors.Is(err, errBroken) {
				t.Errorf("Run gave %v", err)
			}
		})
	}
}
