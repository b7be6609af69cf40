package stream

import (
	"context"
	"fmt"
	"strings"

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
		kind, token := c.queueOf(subject)
		id := ""
		if token != routeQueue {
			id = decode(token)
		}
		size := sizes[id]
		switch {
		case kind != "later":
			size.Jobs += n
		case c.isVerify(subject):
			continue
		default:
			size.Retries += n
		}
		sizes[id] = size
	}
	return sizes, nil
}

// isVerify reports whether it is a subject of laterVerify.
func (c *Conn) isVerify(subject string) bool {
	tokens := strings.Split(subject, ".")
	return len(tokens) == len(strings.Split(c.names.laterVerify("queue", "space", "case"), ".")) && tokens[len(tokens)-1] == "verify"
}
