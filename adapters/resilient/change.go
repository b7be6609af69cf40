package resilient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

// wanted returns what an update sets, in Kibana's order: first the fields that
// Kibana does not know, then its own. Fields that are nil are left out, since a
// null would clear them. If the mark is a line of the description, that one has
// it.
func (r *resilient) wanted(in connector.Incident, mark string) ([]value, error) {
	out, err := r.additional(in)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{fieldName, fieldDescription} {
		if v, _ := in.Get(name); v == nil {
			continue
		}
		s, err := text(in, name)
		if name == fieldDescription && err == nil {
			s, err = r.description(in, mark)
		}
		if err != nil {
			return nil, err
		}
		if out, err = appendValue(out, name, s); err != nil {
			return nil, err
		}
	}
	list, there, err := typeIDs(in)
	if there {
		out, err = appendValue(out, apiTypes, list)
	}
	if err != nil {
		return nil, err
	}
	id, err := severity(in)
	if err == nil && id != "" {
		out, err = appendValue(out, apiSeverity, id)
	}
	return out, err
}

func appendValue(list []value, name string, v any) ([]value, error) {
	raw, err := wire.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("field %q: %w", name, err)
	}
	return append(list, value{name: name, json: raw, ofCase: true, own: true}), nil
}

// change is one field of a patch.
type change struct {
	Field fieldHandle     `json:"field"`
	Old   json.RawMessage `json:"old_value"`
	New   json.RawMessage `json:"new_value"`
}

type fieldHandle struct {
	Name string `json:"name"`
}

// patchBody makes the body that changes the record: its version if it has one,
// and the old and the new value of each field.
func patchBody(have record, wanted []value, known fields) ([]byte, error) {
	changes := make([]change, len(wanted))
	for i, v := range wanted {
		f, ok := known.named(v.prefix, v.name)
		if v.own {
			f, ok = kibanaField(v.name)
		}
		if !ok {
			return nil, wire.KibanaError("No metadata found for field " + v.name)
		}
		c, err := f.change(have.value(f.Prefix, f.Name), v)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", v.name, err)
		}
		changes[i] = c
	}
	return marshalPatch(have, changes)
}

func marshalPatch(have record, changes []change) ([]byte, error) {
	o := &wire.Object{}
	var version json.Number
	if json.Unmarshal(have["vers"], &version) == nil && version != "" {
		if err := o.Encode("version", version); err != nil {
			return nil, err
		}
	}
	raw, err := wire.Marshal(changes)
	if err != nil {
		return nil, err
	}
	if err := o.Encode("changes", raw); err != nil {
		return nil, err
	}
	return o.MarshalJSON()
}

// change makes the change of the field from what the record has. A text keeps
// the format that the record's has.
func (f field) change(old json.RawMessage, v value) (change, error) {
	c := change{Field: fieldHandle{f.Name}, Old: f.old(old)}
	if f.InputType != inputTextarea {
		if err := f.accepts(v.json); err != nil {
			return c, err
		}
		var err error
		c.New, err = f.shape(v.json)
		return c, err
	}
	if string(v.json) == "null" {
		c.New = json.RawMessage(`{"textarea":null}`)
		return c, nil
	}
	s, err := wire.DecodeAs[string](v.json)
	if err != nil {
		return c, err
	}
	now := content{Format: formatOf(old), Content: s}
	if v.ofCase {
		now = newContent(now.Format, s)
	}
	c.New, err = object("textarea", now)
	return c, err
}

// formatOf is the format of what the record has; text if it has none, as
// Kibana.
func formatOf(old json.RawMessage) textFormat {
	if have, err := decodeContent(old); err == nil && have != nil && have.Format != "" {
		return have.Format
	}
	return formatText
}

// patch sends the body. A success that is none is a conflict: somebody else has
// changed one of the fields since they were read, and nothing was applied.
func (r *resilient) patch(ctx context.Context, op string, ref connector.Ref, body []byte) error {
	answer, err := r.send(ctx, call{
		op: op, method: http.MethodPatch, path: "incidents", incident: ref.ID, body: body, class: httpclient.Updates,
	})
	if err != nil {
		e := connector.AsError(op, err)
		r.doubtFields(e)
		return e
	}
	var s struct {
		Success *bool `json:"success"`
	}
	if err := wire.Decode(answer, &s); err != nil {
		return connector.BadReceipt(op, err)
	}
	switch {
	case s.Success == nil:
		return connector.BadReceipt(op, errors.New(`key "success": missing`))
	case *s.Success:
		return nil
	}
	e := &connector.Error{Op: op, Kind: connector.Conflict, Effect: connector.NotApplied, Status: http.StatusOK}
	if said := r.said(answer); said != "" {
		e.Err = errors.New(said)
	}
	return e
}
