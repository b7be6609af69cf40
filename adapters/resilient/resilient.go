// Package resilient pushes incidents to IBM Security QRadar SOAR (once IBM
// Resilient) through its REST API, with the bodies of Kibana's newest
// generation.
//
// README.md lists the configuration keys and where we differ from Kibana.
package resilient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

// TypeID is the connector type's id in Kibana.
const TypeID = ".resilient"

// Names of the incident's fields, as Kibana's connector calls them.
const (
	fieldName        = "name"
	fieldDescription = "description"
	fieldTypes       = "incidentTypes"
	fieldSeverity    = "severityCode"
	fieldAdditional  = "additionalFields"
)

// Names of the same fields in the API, where they differ.
const (
	apiTypes      = "incident_type_ids"
	apiSeverity   = "severity_code"
	apiProperties = "properties" // holds the custom fields
)

// Type returns the connector type.
func Type() connector.Type {
	return connector.Type{
		ID:   TypeID,
		Name: "IBM Resilient",
		Mapping: []connector.MappingRow{
			{Source: connector.Title, Target: fieldName, ActionType: connector.Overwrite},
			{Source: connector.Description, Target: fieldDescription, ActionType: connector.Overwrite},
			{Source: connector.Comments, Target: "comments", ActionType: connector.Append},
		},
		RequiredTargets: []string{fieldName},
		Append:          true,
		Format:          format,
		Check:           check,
		New:             newConnector,
	}
}

// resilient is one connector. All of it but the two caches is read-only after
// newConnector.
type resilient struct {
	settings settings
	http     *http.Client
	// What is asked once and remembered. Two callers may both ask the first
	// time; that does no harm.
	org    atomic.Pointer[string] // the organization's id
	fields atomic.Pointer[fields] // metadata, which may be hundreds of kilobytes
}

var _ connector.Connector = (*resilient)(nil)

func newConnector(def connector.Definition, deps connector.Dependencies) (connector.Connector, error) {
	s, r := parse(def)
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("resilient connector %q: %w", def.ID, err)
	}
	if deps.HTTP == nil {
		return nil, fmt.Errorf("resilient connector %q: no HTTP client given", def.ID)
	}
	return &resilient{settings: s, http: deps.HTTP}, nil
}

// Capabilities implements [connector.Connector]. An id means the same in all
// of a server's organizations, but the key of one cannot see those of another.
func (r *resilient) Capabilities() connector.Capabilities {
	return connector.Capabilities{
		Address:       r.settings.apiURL + "/rest/orgs/" + r.settings.orgID,
		FindIncident:  true,
		CountComments: true,
		ReadIncident:  true,
		SettleTime:    r.settings.settleTime,
		FindDelay:     r.settings.findDelay,
		Limits:        r.settings.limits(),
		MaxInFlight:   r.settings.maxInFlight,
	}
}

// CreateIncident implements [connector.Connector]. With fields beyond Kibana's
// own it first asks for the fields of incidents, once per connector. There is
// no read-back.
func (r *resilient) CreateIncident(ctx context.Context, id connector.CorrelationID, in connector.Incident) (connector.Ref, error) {
	const op = "create incident"
	body, err := r.bodyWithFields(ctx, op, in, func(known fields) ([]byte, error) { return r.createBody(in, id.Mark(), known) })
	if err != nil {
		return connector.Ref{}, connector.AsError(op, err).OfCreate()
	}
	answer, err := r.send(ctx, call{op: op, method: http.MethodPost, path: "incidents", query: asObjects(), body: body})
	if err != nil {
		e := connector.AsError(op, err)
		r.doubtFields(e)
		return connector.Ref{}, e.OfCreate()
	}
	return r.createdRef(op, answer)
}

// createdRef reads the answer to a create. One without an id leaves the effect
// unknown: the incident most likely exists.
func (r *resilient) createdRef(op string, answer []byte) (connector.Ref, error) {
	made, err := wire.DecodeAs[incidentIdentity](answer)
	if err == nil && !made.valid() {
		err = errors.New("no id")
	}
	if err != nil {
		return connector.Ref{}, connector.BadReceipt(op, err)
	}
	return r.ref(made), nil
}

// UpdateIncident implements [connector.Connector]: it reads the incident, and
// sends the old and new values of the given fields. Of a field that is nil
// nothing is sent; with nothing left there is no request. When somebody else
// changed one of the fields in between the error is a Conflict.
func (r *resilient) UpdateIncident(ctx context.Context, id connector.CorrelationID, ref connector.Ref, in connector.Incident) error {
	const op = "update incident"
	wanted, err := r.wanted(in, id.Mark())
	if err != nil {
		return connector.Unsendable(op, err)
	}
	if len(wanted) == 0 {
		return nil
	}
	have, err := r.record(ctx, op, ref, httpclient.Updates)
	if err != nil {
		return err
	}
	body, err := r.bodyWithFields(ctx, op, in, func(known fields) ([]byte, error) { return patchBody(have, wanted, known) })
	if err != nil {
		return err
	}
	return r.patch(ctx, op, ref, body)
}

// incidentIdentity is what every answer about an incident holds. The id is a
// number, or a number in text.
type incidentIdentity struct {
	ID number `json:"id"`
}

func (i incidentIdentity) valid() bool { return isNumber(string(i.ID)) }

func (r *resilient) ref(i incidentIdentity) connector.Ref {
	id := string(i.ID)
	return connector.Ref{ID: id, Title: id, URL: r.settings.apiURL + "/#incidents/" + id}
}
