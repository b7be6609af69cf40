package stream

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// stale reports whether direct reads are on that a replica may answer which is
// behind: jobs are acknowledged on what a read says. Such a stream is read from
// its leader, by what is known of it; see CheckReads.
func stale(config jetstream.StreamConfig) bool { return config.AllowDirect && config.Replicas > 1 }

// CheckReads finds out whether the streams that are read directly have got more
// replicas. From then on they are read from their leaders; where we manage
// them, direct reads are turned off as well, for all. turned are the streams
// where that was done. Call it now and then, in each process.
func (c *Conn) CheckReads(ctx context.Context) (turned []string, err error) {
	for _, s := range []jetstream.Stream{c.events, c.ledger} {
		info, err := s.Info(ctx) // the reads go by what it leaves
		if err != nil {
			return turned, fmt.Errorf("replicas: %w", err)
		}
		if !stale(info.Config) || c.opts.Manage == Verify || c.opts.Manage == None {
			continue
		}
		if _, err := c.withoutDirect(ctx, info.Config); err != nil {
			return turned, fmt.Errorf("stream %s: %w", info.Config.Name, err)
		}
		turned = append(turned, info.Config.Name)
		if _, err := s.Info(ctx); err != nil {
			return turned, fmt.Errorf("replicas: %w", err)
		}
	}
	return turned, nil
}

// withoutDirect turns a stream's direct reads off; everything else stays.
func (c *Conn) withoutDirect(ctx context.Context, config jetstream.StreamConfig) (jetstream.Stream, error) {
	config.AllowDirect = false
	s, err := c.js.UpdateStream(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("set allow_direct to false, since it has %d replicas: %w", config.Replicas, err)
	}
	return s, nil
}
