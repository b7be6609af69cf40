//go:build linux

package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// The test binary starts itself again in these roles.
const (
	roleVariable = "BENCH_ROLE"
	specVariable = "BENCH_SPEC"
)

// roles run until ctx is done.
var roles = map[string]func(context.Context, spec) error{
	"tracker": runTracker,
	"naive":   runNaive,
	"bare":    runBare,
	"ideal":   runIdeal,
	"worker":  runProfiled,
}

// spec is what a role needs to know.
type spec struct {
	NATS    string `json:"nats"`    // URL of the server
	Tracker string `json:"tracker"` // base URL
	Flight  int    `json:"flight"`  // pushes at once
	// LatencyMS is how long the tracker waits before each answer.
	LatencyMS int `json:"latency_ms"`
	// Config and Profile are of the worker: its file, and where its CPU profile goes.
	Config  string `json:"config"`
	Profile string `json:"profile"`
}

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := play(role); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", role, err)
		os.Exit(1)
	}
}

func play(role string) error {
	run, ok := roles[role]
	if !ok {
		return fmt.Errorf("no such role")
	}
	var s spec
	if err := json.Unmarshal([]byte(os.Getenv(specVariable)), &s); err != nil {
		return fmt.Errorf("%s: %w", specVariable, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return run(ctx, s)
}
