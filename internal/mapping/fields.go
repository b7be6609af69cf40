package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/casepush/casepush/internal/connector"
)

// field makes the field of one row, and the comments that carry what exceeds
// the tracker's limit of it.
func (r *renderer) field(row connector.MappingRow) (connector.Field, []connector.Comment) {
	f := connector.Field{Name: row.Target, Append: row.ActionType == connector.Append}
	raw, text := r.Case.Title, r.Case.Title
	switch row.Source {
	case connector.Tags:
		tags := append([]string{}, r.Case.Tags...) // never nil: no tags is a value too
		f.Value, f.Source = tags, digestJSON(tags)
		return f, nil
	case connector.Description:
		raw = r.Case.Description
		text = r.description()
	}
	f.Source = connector.Digest(raw)
	head, rest := r.Limits[row.Target].Cut(text)
	f.Value = head
	return f, r.overflow(row.Source, f.Source, rest)
}

// formatted returns what the type's formatter adds, each with an identity.
func (r *renderer) formatted() (connector.Formatted, error) {
	if r.Type.Format == nil {
		return connector.Formatted{}, nil
	}
	info, err := CaseInfo(r.Input)
	if err != nil {
		return connector.Formatted{}, err
	}
	out, err := r.Type.Format(r.Definition, info)
	if err != nil {
		return connector.Formatted{}, fmt.Errorf("fields of %s: %w", r.Type.ID, err)
	}
	for i, f := range out.Fields {
		if f.Source == "" {
			out.Fields[i].Source = digestJSON(f.Value)
		}
	}
	for i, c := range out.Comments {
		digest := connector.Digest(c.Text)
		if c.Source == "" {
			out.Comments[i].Source = digest
		}
		if c.Digest == "" {
			out.Comments[i].Digest = digest
		}
	}
	return out, nil
}

// CaseInfo is what a formatter sees of the case.
func CaseInfo(in Input) (connector.CaseInfo, error) {
	info := connector.CaseInfo{
		ID: in.Case.ID, Title: in.Case.Title, Description: in.Case.Description,
		Severity: in.Case.Severity, Status: in.Case.Status,
		Tags: slices.Clone(in.Case.Tags), Alerts: in.Case.Alerts,
	}
	if !in.OwnConnector {
		return info, nil
	}
	var err error
	info.Fields, err = decodeFields(in.Case.Connector.Fields)
	return info, err
}

// decodeFields reads the case's connector fields; null and absent are nil.
// Numbers stay as they are written.
func decodeFields(raw json.RawMessage) (map[string]any, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil
	}
	var fields map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&fields); err != nil {
		return nil, fmt.Errorf("case key %q: want an object or null", "connector.fields")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("case key %q: want one object", "connector.fields")
	}
	return fields, nil
}

// digestJSON identifies a value by its JSON, whose keys are sorted. What has no
// JSON has the digest of its Go form: an adapter's formatter made it.
func digestJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return connector.Digest(fmt.Sprintf("%#v", v))
	}
	return connector.Digest(string(b))
}
