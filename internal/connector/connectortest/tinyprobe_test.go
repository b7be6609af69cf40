package connectortest

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
)

func (a *tiny) Probe(ctx context.Context) error {
	const op = "probe"
	if a.defects.probesByWriting {
		_, err := a.send(ctx, httpclient.Exchange{Op: op}, "POST", "/incidents", map[string]string{"title": "only a test"})
		return err
	}
	answer, err := a.send(ctx, httpclient.Exchange{Op: op, Reads: true}, "GET", "/rights", nil)
	if err != nil {
		return err
	}
	var rights struct {
		Write *bool `json:"write"`
	}
	_ = json.Unmarshal(answer, &rights)
	switch {
	case a.defects.probesBlindly:
		return nil
	case rights.Write == nil:
		return &connector.Error{Op: op, Effect: connector.NotApplied, Err: errors.New("answer: no rights")}
	case !*rights.Write:
		return &connector.Error{Op: op, Kind: connector.Forbidden, Effect: connector.NotApplied, Err: errors.New(`right "write": missing`)}
	}
	return nil
}
