package fakewebhook

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/casepush/casepush/internal/fakes"
)

func (f *Fake) create(r *http.Request, body []byte) reply {
	var fields Fields
	if no := decodeFields(body, &fields); no != nil {
		return no.reply()
	}
	i := f.add(fields)
	fakes.Acted(r)
	return reply{http.StatusCreated, f.shape(map[string]any{"id": f.id(i.ID), "href": "/api/incidents/" + i.ID})}
}

func (f *Fake) update(r *http.Request, body []byte) reply {
	i := f.find(r.PathValue("id"))
	if i == nil {
		return noIncident()
	}
	var fields Fields
	if r.Method != http.MethodPut {
		fields = i.Fields
	}
	if no := decodeFields(body, &fields); no != nil {
		return no.reply()
	}
	i.Fields = fields
	fakes.Acted(r)
	if f.opts.EmptyAnswers {
		return reply{status: http.StatusNoContent}
	}
	return f.show(i)
}

func (f *Fake) comment(r *http.Request, body []byte) reply {
	i := f.find(r.PathValue("id"))
	if i == nil {
		return noIncident()
	}
	text, no := decodeComment(body)
	if no != nil {
		return no.reply()
	}
	f.number++
	c := Comment{ID: strconv.Itoa(f.number), Text: text}
	i.Comments = append(i.Comments, c)
	fakes.Acted(r)
	if f.opts.EmptyAnswers {
		return reply{status: http.StatusNoContent}
	}
	return reply{http.StatusCreated, map[string]any{"id": f.id(c.ID), "text": c.Text}}
}

func (f *Fake) read(r *http.Request, _ []byte) reply {
	i := f.find(r.PathValue("id"))
	if i == nil {
		return noIncident()
	}
	return f.show(i)
}

func (f *Fake) lookup(_ *http.Request, body []byte) reply {
	var wanted struct {
		ID string `json:"id"`
	}
	if no := decode(body, &wanted); no != nil {
		return no.reply()
	}
	i := f.find(wanted.ID)
	if i == nil {
		return noIncident()
	}
	return f.show(i)
}

func (f *Fake) comments(r *http.Request, _ []byte) reply {
	i := f.find(r.PathValue("id"))
	if i == nil {
		return noIncident()
	}
	list := []any{}
	for _, c := range i.Comments {
		list = append(list, map[string]any{"id": f.id(c.ID), "text": c.Text})
	}
	return reply{http.StatusOK, map[string]any{"comments": list}}
}

func noIncident() reply { return refuse(404, "there is no such incident").reply() }

func (f *Fake) show(i *Incident) reply {
	return reply{http.StatusOK, f.shape(map[string]any{
		"id": f.id(i.ID), "reference": i.Reference, "title": i.Title, "description": i.Description,
		"severity": i.Severity, "status": i.Status, "case_id": i.CaseID, "tags": append([]string{}, i.Tags...),
	})}
}

// shape puts an incident where the answers have it.
func (f *Fake) shape(incident map[string]any) any {
	if f.opts.Nested {
		return map[string]any{"data": map[string]any{"incidents": []any{incident}}}
	}
	return incident
}

// id is an id as the answers have it.
func (f *Fake) id(text string) any {
	if f.opts.NumericIDs {
		return json.Number(text)
	}
	return text
}
