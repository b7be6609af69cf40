package mapping

import (
	"encoding/json"
	"errors"
	"flag"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/spectest"
)

var update = flag.Bool("update", false, "write what is rendered into testdata/vectors/mapping")

// vector is one file of testdata/vectors/mapping.
type vector struct {
	About         string                 `json:"about"`
	Type          string                 `json:"type"`
	SpaceID       string                 `json:"space_id,omitempty"`
	PublicBaseURL string                 `json:"public_base_url,omitempty"`
	OwnUser       string                 `json:"own_user,omitempty"`
	OwnConnector  bool                   `json:"own_connector"`
	Limits        map[string]vectorLimit `json:"limits,omitempty"`
	Mapping       []connector.MappingRow `json:"mapping,omitempty"`
	Case          json.RawMessage        `json:"case"`
	Incident      []vectorField          `json:"incident,omitempty"`
	Comments      []vectorComment        `json:"comments,omitempty"`
	Error         string                 `json:"error,omitempty"`
}

type vectorLimit struct {
	Max  int    `json:"max"`
	Unit string `json:"unit"`
}

type vectorField struct {
	Name   string `json:"name"`
	Value  any    `json:"value"`
	Append bool   `json:"append,omitempty"`
	Source string `json:"source"`
}

type vectorComment struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Target string `json:"target"`
	Source string `json:"source"`
	Digest string `json:"digest"`
}

func (v vector) input(t *testing.T) Input {
	t.Helper()
	c, err := kibana.DecodeCase(v.Case)
	if err != nil {
		t.Fatal(err)
	}
	typ, ok := types()[v.Type]
	if !ok {
		t.Fatalf("type %q is not in the test's table", v.Type)
	}
	in := Input{
		Case: c, SpaceID: v.SpaceID, Type: typ, Rows: v.Mapping, OwnConnector: v.OwnConnector,
		PublicBaseURL: v.PublicBaseURL, OwnUser: v.OwnUser, Limits: map[string]connector.Limit{},
	}
	units := map[string]connector.Unit{"runes": connector.Runes, "utf16": connector.UTF16, "bytes": connector.Bytes}
	for name, l := range v.Limits {
		unit, ok := units[l.Unit]
		if !ok {
			t.Fatalf("limit %q: unit %q", name, l.Unit)
		}
		in.Limits[name] = connector.Limit{Max: l.Max, Unit: unit}
	}
	return in
}

// with returns the vector with the outcome of its input.
func (v vector) with(out Output, err error) vector {
	v.Incident, v.Comments, v.Error = nil, nil, ""
	if err != nil {
		v.Error = err.Error()
		return v
	}
	for _, f := range out.Incident.Fields {
		v.Incident = append(v.Incident, vectorField{f.Name, f.Value, f.Append, f.Source})
	}
	for _, c := range out.Comments {
		v.Comments = append(v.Comments, vectorComment{c.ID, c.Text, c.Target, c.Source, c.Digest})
	}
	return v
}

func TestVectors(t *testing.T) {
	vectors := spectest.Vectors[vector]{Folder: "testdata/vectors/mapping", Least: 12, Update: *update}
	vectors.Run(t, func(t *testing.T, v vector) vector { return v.with(Render(v.input(t))) })
}

func TestErrorsAreFinal(t *testing.T) {
	_, err := Render(Input{})
	var e *connector.Error
	if !errors.As(err, &e) || e.Kind != connector.Rejected || e.Effect != connector.NotApplied {
		t.Errorf("error %#v; want one that says rejected, not applied", err)
	}
}
