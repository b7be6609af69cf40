// Package mapping makes of a case what a tracker shall show: the incident's
// fields and the comments, in the texts of Kibana 8.6 and newer, so that an
// incident pushed by Kibana and one pushed by us look alike. It is pure: equal
// inputs give equal outputs, and nothing is read or kept.
package mapping

import (
	"fmt"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
)

// Input is one case and how it is to be mapped.
type Input struct {
	Case    *kibana.Case
	SpaceID string // "" is the default space
	Type    connector.Type
	// Definition is the connector's; the type's formatter looks at it.
	Definition connector.Definition
	// Rows are the mapping of this push; none means Type.Mapping.
	Rows []connector.MappingRow
	// OwnConnector says that the push goes to the case's own connector: only
	// then are the case's connector fields used.
	OwnConnector bool
	// PublicBaseURL is where people reach Kibana; "" leaves the links out.
	PublicBaseURL string
	// OwnUser is our user name in Kibana, which no footer names; "" if unknown.
	OwnUser string
	// Limits are the tracker's, by field name; "comment" bounds comments.
	Limits map[string]connector.Limit
	// NoComments says that the tracker has no place for comments.
	NoComments bool
}

// Output is what the tracker shall show.
type Output struct {
	// Incident holds the mapped fields in the order of the rows, then those of
	// the type's formatter.
	Incident connector.Incident
	// Comments in the order in which they are added: what did not fit into the
	// fields, the case's comments, the total of alerts, those of the formatter.
	Comments []connector.Comment
}

// Render maps a case. Every error is a [*connector.Error] of kind Rejected with
// nothing applied: the same case and mapping will be refused again.
func Render(in Input) (Output, error) {
	r := renderer{Input: in}
	out, err := r.render()
	if err != nil {
		return Output{}, &connector.Error{Op: "map case", Kind: connector.Rejected, Effect: connector.NotApplied, Err: err}
	}
	return out, nil
}

// renderer is one Render.
type renderer struct {
	Input
	plan plan
}

func (r *renderer) render() (Output, error) {
	if r.Case == nil {
		return Output{}, fmt.Errorf("there is no case")
	}
	var err error
	if r.plan, err = planRows(r.Type, r.Rows); err != nil {
		return Output{}, err
	}
	var out Output
	rest := map[string][]connector.Comment{} // by field; what is replaced has no rest
	for _, row := range r.plan.fields {
		f, overflow := r.field(row)
		out.Incident.Fields = put(out.Incident.Fields, f)
		rest[f.Name] = overflow
	}
	formatted, err := r.formatted()
	if err != nil {
		return Output{}, err
	}
	for _, f := range formatted.Fields {
		out.Incident.Fields = put(out.Incident.Fields, f)
		delete(rest, f.Name)
	}
	if r.plan.comments && !r.NoComments { // else there is no place for what was cut off either
		for _, f := range out.Incident.Fields {
			out.Comments = append(out.Comments, rest[f.Name]...)
		}
		own, err := r.comments()
		if err != nil {
			return Output{}, err
		}
		out.Comments = append(out.Comments, own...)
	}
	out.Comments = append(out.Comments, formatted.Comments...)
	return out, nil
}

// put adds f; a field of the same name is replaced where it stands, as when
// Kibana lays the formatter's object over the mapped one.
func put(fields []connector.Field, f connector.Field) []connector.Field {
	for i := range fields {
		if fields[i].Name == f.Name {
			fields[i] = f
			return fields
		}
	}
	return append(fields, f)
}
