package resilient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

// record is an incident as the API gives it, by key.
type record map[string]json.RawMessage

// record reads an incident.
func (r *resilient) record(ctx context.Context, op string, ref connector.Ref, class httpclient.Class) (record, error) {
	body, err := r.send(ctx, call{
		op: op, method: http.MethodGet, path: "incidents", incident: ref.ID, query: asObjects(), class: class, reads: true,
	})
	if err != nil {
		return nil, err
	}
	have, err := decodeRecord(body)
	if err != nil {
		return nil, connector.BadAnswer(op, err)
	}
	return have, nil
}

// decodeRecord reads an incident. One without an id is none: it must never
// pass for an incident without texts.
func decodeRecord(body []byte) (record, error) {
	var have record
	if err := wire.Decode(body, &have); err != nil {
		return nil, err
	}
	if have == nil {
		return nil, errors.New("no incident")
	}
	who, err := have.identity()
	if err != nil {
		return nil, err
	}
	if !who.valid() {
		return nil, errors.New("no id")
	}
	return have, nil
}

func (rec record) identity() (incidentIdentity, error) {
	var who incidentIdentity
	raw, ok := rec["id"]
	if !ok {
		return who, nil
	}
	return who, wire.Decode(raw, &who.ID)
}

// value is a field's value, nil if the record has none: at its top, or below
// the prefix of its kind.
func (rec record) value(prefix, name string) json.RawMessage {
	raw := rec[name]
	if prefix != "" {
		var nested record
		if json.Unmarshal(rec[prefix], &nested) != nil {
			return nil
		}
		raw = nested[name]
	}
	if raw = bytes.TrimSpace(raw); string(raw) == "null" {
		return nil
	}
	return raw
}

// ReadIncident implements [connector.Connector]. Fields have the names of the
// incident (incidentTypes, not incident_type_ids); a custom field is found by
// its API name alone. The description is without markup and without the mark's
// line. A field that the incident does not have is nil.
func (r *resilient) ReadIncident(ctx context.Context, ref connector.Ref, fields []string) (connector.Incident, error) {
	const op = "read incident"
	have, err := r.record(ctx, op, ref, httpclient.Creates)
	if err != nil {
		return connector.Incident{}, err
	}
	var in connector.Incident
	for _, name := range fields {
		v, err := have.field(name)
		if err != nil {
			return connector.Incident{}, connector.BadAnswer(op, err)
		}
		in.Fields = append(in.Fields, connector.Field{Name: name, Value: v})
	}
	return in, nil
}

// field makes of the record's value what the incident has under this name: the
// same that a create takes.
func (rec record) field(name string) (any, error) {
	raw := rec.value("", apiName(name))
	if raw == nil {
		raw = rec.value(apiProperties, name)
	}
	if raw == nil {
		return nil, nil
	}
	switch name {
	case fieldName:
		return wire.DecodeAs[string](raw)
	case fieldDescription:
		text, err := decodeContent(raw)
		if err != nil || text == nil {
			return nil, err
		}
		return withoutMarks(text.text()), nil
	case fieldTypes:
		return ids(raw)
	case fieldSeverity:
		return id(raw)
	}
	return wire.DecodeAs[any](raw)
}

// apiName is the API's name of an incident's field.
func apiName(field string) string {
	switch field {
	case fieldTypes:
		return apiTypes
	case fieldSeverity:
		return apiSeverity
	}
	return field
}

// id reads the id of a chosen value: the id itself, or an object with it.
func id(raw json.RawMessage) (string, error) {
	var n number
	if json.Unmarshal(raw, &n) == nil {
		return string(n), nil
	}
	handle, err := wire.DecodeAs[struct {
		ID number `json:"id"`
	}](raw)
	return string(handle.ID), err
}

// ids reads a list of them.
func ids(raw json.RawMessage) ([]string, error) {
	list, err := wire.DecodeAs[[]json.RawMessage](raw)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(list))
	for i, item := range list {
		if out[i], err = id(item); err != nil {
			return nil, err
		}
	}
	return out, nil
}
