// Package swimlane pushes incidents to Swimlane, as records of one application,
// with the bodies that Kibana sends.
//
// README.md lists the configuration keys and where we differ from Kibana.
package swimlane

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

// TypeID is the connector type's id in Kibana.
const TypeID = ".swimlane"

// Names of the incident's fields, as Kibana's connector calls them.
const (
	fieldAlertID     = "alertId"
	fieldRuleName    = "ruleName"
	fieldCaseID      = "caseId"
	fieldCaseName    = "caseName"
	fieldSeverity    = "severity"
	fieldDescription = "description"
	fieldComments    = "comments" // no field of the incident: where comments go
)

// Type returns the connector type.
func Type() connector.Type {
	return connector.Type{
		ID:   TypeID,
		Name: "Swimlane",
		Mapping: []connector.MappingRow{
			{Source: connector.Title, Target: fieldCaseName, ActionType: connector.Overwrite},
			{Source: connector.Description, Target: fieldDescription, ActionType: connector.Overwrite},
			{Source: connector.Comments, Target: fieldComments, ActionType: connector.Append},
		},
		Append: true,
		Format: format,
		Check:  check,
		New:    newConnector,
		Place:  place,
	}
}

// swimlane is one connector. All of it but the cached application is read-only
// after newConnector.
type swimlane struct {
	settings settings
	http     *http.Client
	// app is remembered. Two callers may both ask the first time; that does no harm.
	app atomic.Pointer[application]
}

var _ connector.Connector = (*swimlane)(nil)

func newConnector(def connector.Definition, deps connector.Dependencies) (connector.Connector, error) {
	s, r := parse(def)
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("swimlane connector %q: %w", def.ID, err)
	}
	if deps.HTTP == nil {
		return nil, fmt.Errorf("swimlane connector %q: no HTTP client given", def.ID)
	}
	return &swimlane{settings: s, http: deps.HTTP}, nil
}

// place implements [connector.Type].Place: the mark is the case id alone, so
// it means the same to every connector with this field of this application.
func place(def connector.Definition) string {
	s, _ := parse(def)
	mark, mapped := s.mapped[fieldCaseID]
	if !mapped {
		return ""
	}
	return s.address() + "/" + mark.id
}

// Capabilities implements [connector.Connector].
func (s *swimlane) Capabilities() connector.Capabilities {
	_, searchable := s.settings.mapped[fieldCaseID]
	_, commentable := s.settings.mapped[fieldComments]
	return connector.Capabilities{
		Address:       s.settings.address(),
		FindIncident:  searchable,
		CountComments: commentable,
		ReadIncident:  true,
		NoComments:    !commentable,
		SettleTime:    s.settings.settleTime,
		FindDelay:     s.settings.findDelay,
		Limits:        s.settings.limits(),
		MaxInFlight:   s.settings.maxInFlight,
	}
}

// CreateIncident implements [connector.Connector]. Before the first create the
// application is asked for, once per connector. There is no read-back.
func (s *swimlane) CreateIncident(ctx context.Context, id connector.CorrelationID, in connector.Incident) (connector.Ref, error) {
	const op = "create incident"
	app, body, err := s.recordBody(ctx, op, in, recordOptions{mark: id.CaseID, creates: true})
	if err != nil {
		return connector.Ref{}, connector.AsError(op, err).OfCreate()
	}
	answer, err := s.send(ctx, call{op: op, method: http.MethodPost, path: s.recordPath(), body: body})
	if err != nil {
		return connector.Ref{}, s.createRefused(connector.AsError(op, err).OfCreate(), in)
	}
	return s.createdRef(op, app, answer)
}

// createRefused says what a refusal of a create means. The value of a field
// that is unique at their side is taken: if that is the case id, the case has a
// record, by an earlier create or by Kibana. The effect is unknown then, so
// that the record is looked for; it is no trouble of the tracker's.
func (s *swimlane) createRefused(e *connector.Error, in connector.Incident) *connector.Error {
	if e.Kind == connector.Rejected {
		s.app.Store(nil) // it may have been changed since we asked
	}
	var said *refusal
	if !errors.As(e.Err, &said) || said.code != codeDuplicateFieldValue || !s.speaksOfMark(said.argument, in) {
		return e
	}
	c := *e
	c.Kind, c.Effect = connector.Conflict, connector.EffectUnknown
	c.Err = fmt.Errorf("%w: a record with this case id exists", e.Err)
	return &c
}

// speaksOfMark reports whether the argument of a refusal may mean the case id
// field. What an argument is, is published nowhere: it does not mean the field
// only if it is the name or the value of another one.
func (s *swimlane) speaksOfMark(argument string, in connector.Incident) bool {
	mark, mapped := s.settings.mapped[fieldCaseID]
	if !mapped || mark.isNamed(argument) {
		return mapped
	}
	for name, other := range s.settings.mapped {
		if name != fieldCaseID && (other.isNamed(argument) || (argument != "" && in.Text(name) == argument)) {
			return false
		}
	}
	return true
}

// createdRef reads the answer to a create. An answer without an id leaves the
// effect unknown: the record most likely exists.
func (s *swimlane) createdRef(op string, app *application, answer []byte) (connector.Ref, error) {
	rec, err := wire.DecodeAs[record](answer)
	if err == nil && rec.ID == "" {
		err = errors.New("no id")
	}
	if err != nil {
		return connector.Ref{}, connector.BadReceipt(op, err)
	}
	return s.ref(rec, app), nil
}

// UpdateIncident implements [connector.Connector]. An empty value removes what
// the field has; the case id stays the mark. With nothing left nothing is sent.
func (s *swimlane) UpdateIncident(ctx context.Context, id connector.CorrelationID, ref connector.Ref, in connector.Incident) error {
	const op = "update incident"
	_, body, err := s.recordBody(ctx, op, in, recordOptions{mark: id.CaseID, record: ref.ID})
	if err != nil {
		return connector.AsError(op, err).OfCreate() // NotFound would speak of the record
	}
	if body == nil {
		return nil
	}
	_, err = s.send(ctx, call{op: op, method: http.MethodPatch, path: s.recordPath(ref.ID), body: body, class: httpclient.Updates})
	return s.changeRefused(ctx, op, ref, err)
}

// ref names a record. app may be nil; without any name of the record its id is
// the title, since an incident must never be lost for its name.
func (s *swimlane) ref(rec record, app *application) connector.Ref {
	title := cmp.Or(rec.Name, rec.TrackingFull)
	if title == "" && app != nil {
		title = app.trackingName(rec)
	}
	return connector.Ref{
		ID: rec.ID, Title: cmp.Or(title, rec.ID),
		URL: s.settings.browseURL + "/record/" + url.PathEscape(s.settings.appID) + "/" + url.PathEscape(rec.ID),
	}
}
