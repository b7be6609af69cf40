package swimlane

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// record is what every answer about a record holds; a search leaves parts out.
type record struct {
	ID           string                     `json:"id"`
	Name         string                     `json:"name"`
	TrackingFull string                     `json:"trackingFull"`
	TrackingID   json.Number                `json:"trackingId"`
	Locked       bool                       `json:"locked"`
	LockingUser  json.RawMessage            `json:"lockingUser"`
	Values       map[string]json.RawMessage `json:"values"`
	Comments     map[string]json.RawMessage `json:"comments"` // by field; beside a $type
}

// ReadIncident implements [connector.Connector]. Fields have the names of the
// incident (caseName); one that is not mapped, or that the record does not
// have, is nil. Of a field with HTML it is the plain text.
func (s *swimlane) ReadIncident(ctx context.Context, ref connector.Ref, fields []string) (connector.Incident, error) {
	const op = "read incident"
	rec, err := s.readRecord(ctx, op, ref)
	if err != nil {
		return connector.Incident{}, err
	}
	app, _, err := s.application(ctx, op)
	if err != nil {
		return connector.Incident{}, connector.AsError(op, err).OfCreate() // NotFound would speak of the record
	}
	var in connector.Incident
	for _, name := range fields {
		v, err := s.decodeField(app, rec, name)
		if err != nil {
			return connector.Incident{}, connector.BadAnswer(op, err)
		}
		in.Fields = append(in.Fields, connector.Field{Name: name, Value: v})
	}
	return in, nil
}

// readRecord reads a record.
func (s *swimlane) readRecord(ctx context.Context, op string, ref connector.Ref) (record, error) {
	body, err := s.send(ctx, call{op: op, method: http.MethodGet, path: s.recordPath(ref.ID), reads: true})
	if err != nil {
		return record{}, err
	}
	rec, err := decodeRecord(body)
	if err != nil {
		return record{}, connector.BadAnswer(op, err)
	}
	return rec, nil
}

// decodeRecord reads a record. One without values or comments is an error: it
// must never pass for an empty one.
func decodeRecord(body []byte) (record, error) {
	rec, err := wire.DecodeAs[record](body)
	switch {
	case err != nil:
	case rec.ID == "":
		err = errors.New(`key "id": missing`)
	case rec.Values == nil:
		err = errors.New(`key "values": missing`)
	case rec.Comments == nil:
		err = errors.New(`key "comments": missing`)
	}
	return rec, err
}

// decodeField makes of a record's value what the incident has under this name.
func (s *swimlane) decodeField(app *application, rec record, name string) (any, error) {
	to, mapped := s.settings.mapped[name]
	raw := rec.Values[to.id]
	if !mapped || len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	switch {
	case to.fieldType == typeNumeric:
		return wire.DecodeAs[json.Number](raw)
	case to.fieldType == typeValuesList && strings.HasPrefix(string(raw), "["):
		several, err := wire.DecodeAs[[]selection](raw)
		var out []string
		for _, v := range several {
			out = append(out, v.Value)
		}
		return out, err
	case to.fieldType == typeValuesList:
		v, err := wire.DecodeAs[selection](raw)
		return v.Value, err
	case to.fieldType == typeText:
		text, err := wire.DecodeAs[string](raw)
		if at, _ := app.field(to.id); at.rich() {
			text = plainText(text)
		}
		return text, err
	}
	return wire.DecodeAs[any](raw)
}
