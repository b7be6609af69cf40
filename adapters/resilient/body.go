package resilient

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// handle names a chosen value by its id.
type handle struct {
	ID json.Number `json:"id"`
}

// createBody makes the body of a create, with Kibana's keys in Kibana's order,
// then the fields that Kibana does not know, custom ones below their prefix,
// and last the correlation property.
func (r *resilient) createBody(in connector.Incident, mark string, known fields) ([]byte, error) {
	o := &wire.Object{}
	steps := []func(*wire.Object, connector.Incident, string) error{setName, setDiscovered, r.setDescription, setTypes, setSeverity}
	for _, step := range steps {
		if err := step(o, in, mark); err != nil {
			return nil, err
		}
	}
	nested, err := r.setAdditional(o, in, known)
	if err != nil {
		return nil, err
	}
	if p := r.settings.correlationProperty; p != "" {
		if err := nested.set(o, apiProperties, p, mark); err != nil {
			return nil, err
		}
	}
	return o.MarshalJSON()
}

func setName(o *wire.Object, in connector.Incident, _ string) error {
	s, err := text(in, fieldName)
	if err != nil {
		return err
	}
	return o.Encode(fieldName, s)
}

func setDiscovered(o *wire.Object, _ connector.Incident, _ string) error {
	return o.Encode("discovered_date", time.Now().UnixMilli())
}

func (r *resilient) setDescription(o *wire.Object, in connector.Incident, mark string) error {
	s, err := r.description(in, mark)
	if err != nil || s == "" {
		return err
	}
	return o.Encode(fieldDescription, newContent(r.settings.descriptionFormat, s))
}

// description is the incident's, with the mark's line if that is where the mark
// is.
func (r *resilient) description(in connector.Incident, mark string) (string, error) {
	s, err := text(in, fieldDescription)
	if err != nil || r.settings.correlationProperty != "" {
		return s, err
	}
	return withMark(s, mark), nil
}

func setTypes(o *wire.Object, in connector.Incident, _ string) error {
	list, there, err := typeIDs(in)
	if err != nil || !there {
		return err
	}
	handles := make([]handle, len(list))
	for i := range list {
		handles[i].ID = list[i]
	}
	return o.Encode(apiTypes, handles)
}

func setSeverity(o *wire.Object, in connector.Incident, _ string) error {
	id, err := severity(in)
	if err != nil || id == "" {
		return err
	}
	return o.Encode(apiSeverity, handle{id})
}

// nesting holds the objects below a prefix while a body is made.
type nesting map[string]*wire.Object

// set sets a value below the prefix; the prefix keeps the place where it was
// first set.
func (n nesting) set(o *wire.Object, prefix, name string, v any) error {
	if n[prefix] == nil {
		n[prefix] = &wire.Object{}
	}
	if err := n[prefix].Encode(name, v); err != nil {
		return err
	}
	return o.Encode(prefix, n[prefix])
}

// setAdditional sets the fields that Kibana does not know. One that the
// metadata does not know either is sent at the top, as Kibana does.
func (r *resilient) setAdditional(o *wire.Object, in connector.Incident, known fields) (nesting, error) {
	nested := nesting{}
	more, err := r.additional(in)
	if err != nil {
		return nil, err
	}
	for _, v := range more {
		f, found := known.named(v.prefix, v.name)
		if found {
			if err := f.accepts(v.json); err != nil {
				return nil, err
			}
		}
		if v.prefix == "" {
			v.prefix = f.Prefix
		}
		var send any = v.json
		var s string
		if v.ofCase && f.InputType == inputTextarea && json.Unmarshal(v.json, &s) == nil {
			send = content{Format: formatText, Content: s}
		}
		if v.prefix == "" {
			err = o.Encode(v.name, send)
		} else {
			err = nested.set(o, v.prefix, v.name, send)
		}
		if err != nil {
			return nil, err
		}
	}
	return nested, nil
}

// accepts checks the value of a field with a list of values. null is accepted:
// it is none.
func (f field) accepts(raw json.RawMessage) error {
	if f.open || f.InputType != inputSelect && f.InputType != inputMultiselect || string(raw) == "null" {
		return nil
	}
	var chosen []json.RawMessage // of its own: Unmarshal would write over what raw shares
	if f.InputType == inputSelect {
		chosen = append(chosen, raw)
	} else if json.Unmarshal(raw, &chosen) != nil {
		return f.invalid(raw)
	}
	for _, one := range chosen {
		if !f.has(one) {
			return f.invalid(raw)
		}
	}
	return nil
}

func (f field) has(raw json.RawMessage) bool {
	for _, v := range f.Values {
		if v.is(raw) {
			return true
		}
	}
	return false
}

// maxListed bounds what an error shows of values, in characters.
const maxListed = 500

// invalid has Kibana's words, in one line. In pretty JSON a line end and its
// indent are one space.
func (f field) invalid(raw json.RawMessage) error {
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, raw, "", "  "); err != nil {
		return fmt.Errorf("field %q: %w", f.Name, err)
	}
	accepted := make([]string, len(f.Values))
	for i, v := range f.Values {
		accepted[i] = fmt.Sprintf("%s (for %q)", plainJSON(v.Value), v.label())
	}
	return wire.KibanaError("Invalid values provided to " + f.Name + ": " + bounded(pretty.String()) +
		". Accepted values: " + bounded(strings.Join(accepted, ",")))
}

// plainJSON is a text without its quotes, and anything else as it is.
func plainJSON(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// bounded makes one line of at most maxListed characters.
func bounded(s string) string {
	head, rest := connector.Limit{Max: maxListed, Unit: connector.Runes}.Cut(strings.Join(strings.Fields(s), " "))
	if rest != "" {
		head += "…"
	}
	return head
}
