package stream

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// QueueSize is what is stored of one queue.
type QueueSize struct {
	Jobs    uint64 // on the queue, those being worked on included
	Retries uint64 // that wait for their time
}

// QueueSizes counts, by connector, what is stored of each queue that has
// anything; "" is the queue of events that wait for Kibana. Second looks at
// what was pushed are not counted: no push waits for them.
func (c *Conn) QueueSizes(ctx context.Context) (map[string]QueueSize, error) {
	info, err := c.work.Info(ctx, jetstream.WithSubjectFilter(">"))
	if err != nil {
		return nil, fmt.Errorf("sizes of queues: %w", err)
	}
	sizes := map[string]QueueSize{}
	for subject, n := range info.State.Subjects {
		g, ok := c.sighted(subject)
		if !ok || g.kind == sightVerify {
			continue
		}
		id := ""
		if g.queue != routeQueue {
			id = decode(g.queue)
		}
		size := sizes[id]
		if g.kind == sightJob {
			size.Jobs += n
		} else {
			size.Retries += n
		}
		sizes[id] = size
	}
	return sizes, nil
}
