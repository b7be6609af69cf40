package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// RemoveConsumers removes the consumers of connectors that are not wanted, and
// returns these connectors. One stays that is younger than age, that somebody
// fetches from, or whose queue has anything stored: jobs of a connector that is
// gone become dead letters, and somebody has to do that.
func (c *Conn) RemoveConsumers(ctx context.Context, age time.Duration, wanted func(connector string) bool) (removed []string, err error) {
	unused := map[string]bool{} // by token
	before := time.Now().Add(-age)
	list := c.work.ListConsumers(ctx)
	for info := range list.Info() {
		queue, ok := strings.CutPrefix(info.Name, c.names.consumer(""))
		if ok && !wanted(decode(queue)) && info.Created.Before(before) && info.NumWaiting == 0 && info.NumPending == 0 && info.NumAckPending == 0 {
			unused[queue] = true
		}
	}
	if err := list.Err(); err != nil {
		return nil, fmt.Errorf("list consumers: %w", err)
	}
	if len(unused) == 0 {
		return nil, nil
	}
	if err := c.inSight(ctx, func(g sighted) { delete(unused, g.queue) }); err != nil {
		return nil, err
	}
	for queue := range unused {
		err := c.work.DeleteConsumer(ctx, c.names.consumer(queue))
		if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return removed, fmt.Errorf("remove the consumer of connector %q: %w", decode(queue), err)
		}
		removed = append(removed, decode(queue))
	}
	return removed, nil
}
