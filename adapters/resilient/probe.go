package resilient

import (
	"context"

	"github.com/casepush/casepush/internal/connector"
)

// probeMark is a mark that no case has: those have a hash.
const probeMark = "kibana-case-probe"

// Probe implements [connector.Connector] with the search that a look-up of an
// incident makes, for a mark that none has: it needs the key, the organization,
// the right to read incidents and the correlation property. The API does not
// tell a key which rights to write it has.
func (r *resilient) Probe(ctx context.Context) error {
	const op = "probe"
	c, err := r.searchCall(op, probeMark, 0)
	if err != nil {
		return err
	}
	c.search, c.reads = false, true // a 404 is about the organization
	body, err := r.send(ctx, c)
	if err != nil {
		return err
	}
	if _, err := decodeSearch(body); err != nil {
		return connector.BadAnswer(op, err)
	}
	return nil
}
