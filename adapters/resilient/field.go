package resilient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// field is what the organization's metadata says of one field.
type field struct {
	Name      string        `json:"name"`
	Prefix    string        `json:"prefix"` // of custom fields "properties"; "" is the top
	InputType string        `json:"input_type"`
	Values    []choiceValue `json:"values"` // of select and multiselect
	open      bool          // its values are not known
}

// choiceValue is one of the values that a field can have.
type choiceValue struct {
	Value json.RawMessage `json:"value"`
	Label json.RawMessage `json:"label"`
}

// label is what people see; the JSON of anything but a text.
func (v choiceValue) label() string {
	var s string
	if json.Unmarshal(v.Label, &s) == nil {
		return s
	}
	return string(v.Label)
}

// is reports whether v is this value, a number or a text in JSON.
func (v choiceValue) is(raw json.RawMessage) bool {
	return bytes.Equal(bytes.TrimSpace(v.Value), bytes.TrimSpace(raw))
}

// Input types by which values are written.
const (
	inputText        = "text"
	inputTextarea    = "textarea"
	inputSelect      = "select"
	inputMultiselect = "multiselect"
)

// fields are all of the organization's, in its order.
type fields []field

// named returns the field of a name, below the prefix if that is not "". A
// field at the top goes before a custom one.
func (all fields) named(prefix, name string) (field, bool) {
	var found field
	ok := false
	for _, f := range all {
		if f.Name != name || prefix != "" && f.Prefix != prefix {
			continue
		}
		if f.Prefix == prefix {
			return f, true
		}
		if !ok {
			found, ok = f, true
		}
	}
	return found, ok
}

// kibanaField is one of the four that Kibana knows without asking, by its name
// in the API; they are the same in every organization. What values it takes is
// for the tracker to say.
func kibanaField(api string) (field, bool) {
	inputs := map[string]string{
		fieldName: inputText, fieldDescription: inputTextarea, apiTypes: inputMultiselect, apiSeverity: inputSelect,
	}
	input, ok := inputs[api]
	return field{Name: api, InputType: input, open: true}, ok
}

// isOwn reports whether Kibana's connector has a field of this name.
func isOwn(name string) bool {
	return name == fieldName || name == fieldDescription || name == fieldTypes || name == fieldSeverity
}

// doubtFields forgets the metadata when a request was refused: a field may have
// changed since we asked.
func (r *resilient) doubtFields(e *connector.Error) {
	if e.Kind == connector.Rejected {
		r.fields.Store(nil)
	}
}

// bodyWithFields makes a body that may need the metadata: it is asked for, or
// taken from the cache, only when the incident has fields beyond Kibana's own.
// A body that cannot be made with what the cache has is tried again with what
// the tracker says now.
func (r *resilient) bodyWithFields(ctx context.Context, op string, in connector.Incident, build func(fields) ([]byte, error)) ([]byte, error) {
	var known fields
	if remembered := r.fields.Load(); remembered != nil {
		known = *remembered
	}
	needed := needsFields(in)
	cached := known != nil
	for {
		if needed && known == nil {
			var err error
			if known, err = r.readFields(ctx); err != nil {
				return nil, err
			}
		}
		body, err := build(known)
		switch {
		case err == nil:
			return body, nil
		case !needed || !cached:
			return nil, connector.Unsendable(op, err)
		}
		r.fields.Store(nil)
		known, cached = nil, false
	}
}

// needsFields reports whether the incident has a field that Kibana does not
// know by itself.
func needsFields(in connector.Incident) bool {
	for _, f := range in.Fields {
		if !isOwn(f.Name) && f.Value != nil && f.Value != "" {
			return true
		}
	}
	return false
}

// readFields asks for the metadata of all fields and keeps it.
func (r *resilient) readFields(ctx context.Context) (fields, error) {
	const op = "get fields"
	body, err := r.send(ctx, call{op: op, method: http.MethodGet, path: "types/incident/fields", search: true})
	if err != nil {
		return nil, err
	}
	known, err := decodeFields(body)
	if err != nil {
		return nil, connector.BadAnswer(op, err)
	}
	r.fields.Store(&known)
	return known, nil
}

// decodeFields reads the metadata. An empty list is an error: every
// organization has fields.
func decodeFields(body []byte) (fields, error) {
	if !isList(body) {
		return nil, errors.New("no list of fields")
	}
	known, err := wire.DecodeAs[fields](body)
	if err == nil && len(known) == 0 {
		err = errors.New("no fields")
	}
	if err != nil {
		return nil, err
	}
	return known, nil
}
