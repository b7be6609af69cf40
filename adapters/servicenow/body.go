package servicenow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/secret"
)

const (
	// correlationDisplay is what Kibana writes beside the correlation id.
	correlationDisplay = "Elastic Case"
	// importPrefix is that of the application's columns.
	importPrefix = "u_"
	// importID names the record that an import updates; it has no prefix.
	importID = "elastic_incident_id"
)

// createBody makes the body of a create: every column of the type, null where
// the incident has nothing, with the mark in its place.
func (n *serviceNow) createBody(mark string, in connector.Incident) ([]byte, error) {
	fields := &wire.Object{}
	for _, name := range n.settings.product.order() {
		var v any
		switch name {
		case fieldCorrelationID:
			v = mark
		case fieldCorrelationDisplay:
			v = correlationDisplay
		default:
			v = n.valueAtCreate(in, name)
		}
		if err := n.set(fields, name, v); err != nil {
			return nil, err
		}
	}
	if err := n.setUnknown(fields, in); err != nil {
		return nil, err
	}
	for _, name := range []string{"caller_id", "opened_by"} {
		if err := n.set(fields, name, plainOrNil(n.settings.username)); err != nil {
			return nil, err
		}
	}
	return n.withAdditional(fields, in)
}

// valueAtCreate is the incident's value, or what Kibana sends without one.
func (n *serviceNow) valueAtCreate(in connector.Incident, name string) any {
	if v, there := in.Get(name); there {
		return v
	}
	if n.settings.tableAPI && slices.ContainsFunc(joinedFields(observableGroups()), func(f connector.Field) bool {
		return n.settings.product.observables && f.Name == name
	}) {
		return ""
	}
	return nil
}

// plainOrNil is the user's name as Kibana sends it: null with OAuth.
func plainOrNil(s secret.String) any {
	if !s.IsSet() {
		return nil
	}
	return s.Reveal()
}

// updateFields are the columns that an update sets, in the order of a create.
// It is empty if there is nothing to send.
func (n *serviceNow) updateFields(in connector.Incident) (*wire.Object, error) {
	fields := &wire.Object{}
	for _, name := range n.settings.product.order() {
		if v, there := in.Get(name); there && !isMark(name) {
			if err := n.set(fields, name, v); err != nil {
				return nil, err
			}
		}
	}
	if err := n.setUnknown(fields, in); err != nil {
		return nil, err
	}
	o, err := n.spread(fields, in)
	if err != nil {
		return nil, err
	}
	return o, nil
}

// isMark reports whether the column is ours alone.
func isMark(name string) bool { return name == fieldCorrelationID || name == fieldCorrelationDisplay }

// setUnknown sets targets of the mapping that Kibana does not know.
func (n *serviceNow) setUnknown(o *wire.Object, in connector.Incident) error {
	known := append(n.settings.product.order(), fieldAdditional)
	for _, f := range in.Fields {
		if slices.Contains(known, f.Name) {
			continue
		}
		if err := n.set(o, f.Name, f.Value); err != nil {
			return err
		}
	}
	return nil
}

// set sets one column by the name that the API has for it.
func (n *serviceNow) set(o *wire.Object, name string, v any) error {
	v, err := columnValue(v)
	if err != nil {
		return fmt.Errorf("field %q: %w", name, err)
	}
	return o.Encode(n.columnName(name), v)
}

// columnName is the name of a column in the API that is used. One that has the
// application's prefix already keeps its name.
func (n *serviceNow) columnName(name string) string {
	if n.settings.tableAPI || strings.HasPrefix(name, importPrefix) {
		return name
	}
	return importPrefix + name
}

// columnValue makes a text of a value, since an import takes no other; lists
// are joined with commas, as ServiceNow's are. nil stays null.
func columnValue(v any) (any, error) {
	switch v := v.(type) {
	case nil, string:
		return v, nil
	case bool:
		return fmt.Sprint(v), nil
	case json.Number:
		return v.String(), nil
	}
	list, err := wire.Texts(v)
	if err != nil {
		return nil, fmt.Errorf("want a text, a number, a bool or a list of texts, got %T", v)
	}
	return strings.Join(list, ","), nil
}

func (n *serviceNow) withAdditional(fields *wire.Object, in connector.Incident) ([]byte, error) {
	o, err := n.spread(fields, in)
	if err != nil {
		return nil, err
	}
	return o.MarshalJSON()
}

// spread puts the additional fields before the others, which win on a clash.
func (n *serviceNow) spread(fields *wire.Object, in connector.Incident) (*wire.Object, error) {
	v, _ := in.Get(fieldAdditional)
	if v == nil || v == "" {
		return fields, nil
	}
	if n.settings.tableAPI {
		return nil, fmt.Errorf("field %q: %w", fieldAdditional, wire.KibanaError(noAdditional))
	}
	o, err := additional(v)
	if err != nil {
		return nil, err
	}
	o.Spread(fields)
	return o, nil
}
