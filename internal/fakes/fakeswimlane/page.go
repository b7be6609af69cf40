package fakeswimlane

import (
	"encoding/json"

	"github.com/casepush/casepush/internal/fakes"
)

// page is a record for people: each field by its name, then the comments.
func (f *Fake) page(app *App, rec Record) fakes.Page {
	p := fakes.Page{Place: "Swimlane · " + app.Name, ID: rec.Name, Title: rec.Name}
	if rec.LockedBy != "" {
		p.Facts = append(p.Facts, fakes.Fact{Name: "locked by", Value: rec.LockedBy})
	}
	for _, field := range app.Fields {
		v, ok := rec.Values[field.ID]
		if !ok {
			continue
		}
		switch field.Key {
		case "case-name":
			p.Title = rec.Text(field.ID)
		case "description":
			p.Text = rec.Text(field.ID)
		default:
			p.Facts = append(p.Facts, fakes.Fact{Name: field.Name, Value: shown(v)})
		}
	}
	for _, field := range app.Fields {
		for _, c := range rec.Comments[field.ID] {
			p.Comments = append(p.Comments, c.Message)
		}
	}
	return p
}

// shown is a value as text.
func shown(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		return shown(v["value"])
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
