package servicenow

import (
	"context"
	"fmt"
	"net/http"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

// observing is a connector of SecOps with the application: observables go in
// bulk to an endpoint of their own.
type observing struct{ *serviceNow }

var (
	_ connector.Batcher      = (*observing)(nil)
	_ connector.Deduplicator = (*observing)(nil)
)

// maxBulk bounds one bulk. Kibana has no bound; an instance has to make a record
// of each within one transaction.
const maxBulk = 100

// Batch implements [connector.Batcher].
func (o *observing) Batch(target string) int {
	if target == targetObservables {
		return maxBulk
	}
	return 1
}

// AddComment implements [connector.Connector].
func (o *observing) AddComment(ctx context.Context, ref connector.Ref, c connector.Comment) error {
	if c.Target != targetObservables {
		return o.serviceNow.AddComment(ctx, ref, c)
	}
	return o.addObservables(ctx, "add comment", ref, []connector.Comment{c})
}

// AddComments implements [connector.Batcher].
func (o *observing) AddComments(ctx context.Context, ref connector.Ref, cs []connector.Comment) error {
	const op = "add comments"
	if len(cs) == 0 {
		return nil
	}
	if len(cs) == 1 {
		return o.AddComment(ctx, ref, cs[0])
	}
	return o.addObservables(ctx, op, ref, cs)
}

// addObservables sends one bulk. Observables that are there already stay as
// they are, so that it may be repeated.
func (o *observing) addObservables(ctx context.Context, op string, ref connector.Ref, cs []connector.Comment) error {
	escaped, ok := wire.PathPart(ref.ID)
	if !ok {
		return connector.Unsendable(op, fmt.Errorf("%q is no incident", ref.ID))
	}
	all := make([]observable, len(cs))
	for i, c := range cs {
		var err error
		if all[i], err = observableIn(c); err != nil {
			return connector.Unsendable(op, err)
		}
	}
	body, err := wire.Marshal(all)
	if err != nil {
		return connector.Unsendable(op, err)
	}
	if err := o.health(ctx, op); err != nil {
		return err
	}
	answer, err := o.send(ctx, call{
		op: op, method: http.MethodPost, body: body, class: httpclient.Comments,
		path: "/api/" + o.settings.product.appScope + "/elastic_api/incident/" + escaped + "/observables/bulk",
	})
	if err != nil {
		return err
	}
	if err := o.result(answer, &rawValue{}); err != nil {
		return connector.BadReceipt(op, err)
	}
	return nil
}

// CountComments implements [connector.Connector]. Of observables the count is
// always 0: one that is sent again has no effect at ServiceNow (Kibana sends all
// of them with every push), so that looking is not worth a request.
func (o *observing) CountComments(ctx context.Context, ref connector.Ref, cs []connector.Comment) ([]int, error) {
	var texts []connector.Comment
	for _, c := range cs {
		if c.Target != targetObservables {
			texts = append(texts, c)
		}
	}
	have, err := o.serviceNow.CountComments(ctx, ref, texts)
	if err != nil {
		return nil, err
	}
	counts := make([]int, len(cs))
	next := 0
	for i, c := range cs {
		if c.Target != targetObservables {
			counts[i] = have[next]
			next++
		}
	}
	return counts, nil
}
