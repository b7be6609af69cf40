package swimlane

import (
	"context"
	"errors"
	"fmt"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// recordOptions is what a create or update adds to the incident.
type recordOptions struct {
	mark    string // the case id
	creates bool
	record  string // id, of an update
}

// recordBody makes the body of a create or update, with Kibana's keys in
// Kibana's order. The body is nil if an update has nothing to send. A value
// that the cached application does not know is looked for in a fresh one.
func (s *swimlane) recordBody(ctx context.Context, op string, in connector.Incident, opt recordOptions) (*application, []byte, error) {
	if !opt.creates {
		if _, ok := wire.PathPart(opt.record); !ok { // ask nothing for a request that cannot be sent
			return nil, nil, connector.Unsendable(op, fmt.Errorf("%q is no record", opt.record))
		}
	}
	for {
		app, fresh, err := s.application(ctx, op)
		if err != nil {
			return nil, nil, err
		}
		body, err := s.encodeRecord(app, in, opt)
		if err == nil {
			return app, body, nil
		}
		var unknown *unknownValueError
		if fresh || !errors.As(err, &unknown) {
			return nil, nil, connector.Unsendable(op, err)
		}
		s.app.Store(nil)
	}
}

func (s *swimlane) encodeRecord(app *application, in connector.Incident, opt recordOptions) ([]byte, error) {
	values, err := s.values(app, in, opt)
	if err != nil || (values.Len() == 0 && !opt.creates) {
		return nil, err
	}
	body := &wire.Object{}
	if err := body.Encode("applicationId", s.settings.appID); err != nil {
		return nil, err
	}
	if !opt.creates {
		if err := body.Encode("id", opt.record); err != nil {
			return nil, err
		}
	}
	if err := body.Encode("values", values); err != nil {
		return nil, err
	}
	return body.MarshalJSON()
}

// values are the record's fields by their ids. What is empty is left out of a
// create, as in Kibana, and removed by an update.
func (s *swimlane) values(app *application, in connector.Incident, opt recordOptions) (*wire.Object, error) {
	if err := known(in); err != nil {
		return nil, err
	}
	values := &wire.Object{}
	for _, k := range mappingKeys() {
		to, mapped := s.settings.mapped[k.field]
		v, given := in.Get(k.field)
		if k.field == fieldCaseID {
			given, v = given || opt.creates, opt.mark
		}
		if !mapped || !given || k.field == fieldComments || (opt.creates && empty(v)) {
			continue
		}
		value, err := value(app, to, v)
		if err == nil {
			err = values.Encode(to.id, value)
		}
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", k.field, err)
		}
	}
	return values, nil
}

// known refuses a field that no key of config.mappings stands for.
func known(in connector.Incident) error {
	for _, f := range in.Fields {
		ok := false
		for _, k := range mappingKeys() {
			ok = ok || (k.field == f.Name && f.Name != fieldComments)
		}
		if !ok {
			return fmt.Errorf("field %q: a record has ruleName, alertId, caseId, caseName, severity and description", f.Name)
		}
	}
	return nil
}

// empty reports whether there is nothing to send.
func empty(v any) bool {
	texts, err := wire.Texts(v)
	return v == nil || v == "" || (err == nil && len(texts) == 0)
}
