package connectortest

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
)

func (a *tiny) OtherIncidents(ctx context.Context, id connector.CorrelationID, keep connector.Ref) ([]connector.Ref, error) {
	const op = "find other incidents"
	answer, err := a.send(ctx, httpclient.Exchange{Op: op, Search: true}, "GET", "/incidents?"+url.Values{"mark": {id.CaseID}}.Encode(), nil)
	if err != nil {
		return nil, err
	}
	var found struct {
		Incidents []tinyIncident `json:"incidents"`
	}
	_ = json.Unmarshal(answer, &found)
	if found.Incidents == nil {
		return nil, &connector.Error{Op: op, Effect: connector.NotApplied, Err: errors.New("answer: no list")}
	}
	var refs []connector.Ref
	for _, in := range found.Incidents {
		if (in.Mark == id.CaseID || a.defects.trustsFirstHit) && (in.ID != keep.ID || a.defects.keepsNothing) {
			refs = append(refs, a.ref(in.ID))
		}
	}
	return refs, nil
}

func (a *tiny) RetireDuplicate(ctx context.Context, id connector.CorrelationID, keep, duplicate connector.Ref) error {
	const op = "retire duplicate"
	kept, err := a.get(ctx, op, keep)
	if err != nil {
		return connector.AsError(op, err).OfCreate()
	}
	spare, err := a.get(ctx, op, duplicate)
	if err != nil {
		return err
	}
	if kept.ID == spare.ID && !a.defects.keepsNothing {
		return connector.Unsendable(op, errors.New("one incident"))
	}
	if spare.Mark != id.CaseID && !a.defects.retiresAny {
		return nil
	}
	steps := []func() error{
		func() error {
			text := "A duplicate of " + a.ref(kept.ID).Title + "."
			if slices.Contains(spare.Comments, text) && !a.defects.explainsAgain {
				return nil
			}
			_, err := a.send(ctx, httpclient.Exchange{Op: op}, "POST", a.path(duplicate)+"/comments", map[string]string{"text": text})
			return err
		},
		func() error {
			_, err := a.send(ctx, httpclient.Exchange{Op: op}, "PUT", a.path(duplicate), map[string]string{"mark": ""})
			return err
		},
	}
	if a.defects.unmarksFirst {
		slices.Reverse(steps)
	}
	for _, step := range steps {
		if err := step(); err != nil && !a.defects.goesOnAnyway {
			return err
		}
	}
	return nil
}
