package webhook

import (
	"context"
	"errors"

	"github.com/casepush/casepush/internal/connector"
)

// maxTitle bounds what is kept of a title, which may be any text of the answer.
const maxTitle = 1000

// title asks the tracker what people call the incident. If it does not say, the
// answer to the create may; "" if that does not either.
func (w *webhook) title(ctx context.Context, incidentID string, created []byte) string {
	for _, answer := range [][]byte{w.read(ctx, incidentID), created} {
		if text, err := w.settings.titleKey.text(answer); err == nil && text != "" {
			head, _ := connector.Limit{Max: maxTitle, Unit: connector.Runes}.Cut(text)
			return head
		}
	}
	return ""
}

// read returns the incident as the tracker shows it, nil if it does not.
func (w *webhook) read(ctx context.Context, incidentID string) []byte {
	c, err := w.settings.get.on(connector.Ref{ID: incidentID}, nil)
	if err != nil {
		return nil
	}
	c.op, c.reads = "read incident", true
	answer, err := w.send(ctx, c)
	if err != nil {
		return nil
	}
	return answer
}

// ref names an incident. Without a title it is called by its id, and has no URL
// where that needs the title: a link to something else is worse than none.
func (w *webhook) ref(id, title string) connector.Ref {
	ref := connector.Ref{ID: id, Title: title}
	url, err := w.settings.view.RenderURL(ofIncident(nil, ref))
	if err == nil {
		ref.URL = url
	}
	if ref.Title == "" {
		ref.Title = id
	}
	return ref
}

// sampleRef stands for an incident that does not exist yet.
func sampleRef() connector.Ref { return connector.Ref{ID: "1", Title: "1"} }

// rehearse renders what a create needs after the incident exists, so that a
// mistake in a template shows before anything is sent.
func (s settings) rehearse() error {
	if _, err := s.get.on(sampleRef(), nil); err != nil {
		return err
	}
	_, err := s.view.RenderURL(ofIncident(nil, sampleRef()))
	return err
}

// errUnknown is why nothing can be looked up.
var errUnknown = errors.New("a webhook's definition says neither how to search the tracker nor how to list comments")

// FindIncident implements [connector.Connector]: it is not possible.
func (w *webhook) FindIncident(context.Context, connector.CorrelationID) (connector.Ref, error) {
	return connector.Ref{}, connector.Unsendable("find incident", errUnknown)
}

// CountComments implements [connector.Connector]: it is not possible.
func (w *webhook) CountComments(_ context.Context, _ connector.Ref, cs []connector.Comment) ([]int, error) {
	if len(cs) == 0 {
		return nil, nil
	}
	return nil, connector.Unsendable("count comments", errUnknown)
}

// ReadIncident implements [connector.Connector]: it is not possible. Where the
// answer to getIncidentUrl has which field is not known.
func (w *webhook) ReadIncident(context.Context, connector.Ref, []string) (connector.Incident, error) {
	return connector.Incident{}, connector.Unsendable("read incident", errors.New("a webhook's definition does not say where the tracker's answer has the fields"))
}

// Probe implements [connector.Connector]. The one read that is known needs an
// incident, so nothing is asked.
func (w *webhook) Probe(context.Context) error { return nil }
