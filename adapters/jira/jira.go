// Package jira pushes incidents to Jira Cloud and Jira Data Center through
// REST API version 2, with the bodies that Kibana 8.6 and newer send.
//
// README.md lists the configuration keys and where we differ from Kibana.
package jira

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"

	gojira "github.com/andygrunwald/go-jira"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

// TypeID is the connector type's id in Kibana.
const TypeID = ".jira"

// Names of the incident's fields, as Kibana's connector calls them.
const (
	fieldSummary     = "summary"
	fieldDescription = "description"
	fieldLabels      = "labels"
	fieldIssueType   = "issueType"
	fieldPriority    = "priority"
	fieldParent      = "parent"
	fieldOther       = "otherFields"
)

// Type returns the connector type.
func Type() connector.Type {
	return connector.Type{
		ID:   TypeID,
		Name: "Jira",
		Mapping: []connector.MappingRow{
			{Source: connector.Title, Target: fieldSummary, ActionType: connector.Overwrite},
			{Source: connector.Description, Target: fieldDescription, ActionType: connector.Overwrite},
			{Source: connector.Tags, Target: fieldLabels, ActionType: connector.Overwrite},
			{Source: connector.Comments, Target: "comments", ActionType: connector.Append},
		},
		RequiredTargets: []string{fieldSummary},
		Append:          true,
		Format:          format,
		Check:           check,
		New:             newConnector,
	}
}

// jira is one connector. All of it but the two guarded parts is read-only
// after newConnector.
type jira struct {
	settings settings
	http     *http.Client
	requests *gojira.Client // builds requests; never sends them
	// issueType is the project's first one. Two callers may both ask Jira the first
	// time; that does no harm.
	issueType atomic.Pointer[string]
	throttle  *throttle // nil: no limit per issue
}

var _ connector.Connector = (*jira)(nil)

func newConnector(def connector.Definition, deps connector.Dependencies) (connector.Connector, error) {
	s, r := parse(def)
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("jira connector %q: %w", def.ID, err)
	}
	if deps.HTTP == nil {
		return nil, fmt.Errorf("jira connector %q: no HTTP client given", def.ID)
	}
	requests, err := gojira.NewClient(deps.HTTP, s.apiURL)
	if err != nil {
		return nil, fmt.Errorf("jira connector %q: %w", def.ID, err)
	}
	j := &jira{settings: s, http: deps.HTTP, requests: requests}
	if s.deployment == cloud {
		j.throttle = newThrottle(cloudWriteRates())
	}
	return j, nil
}

// Capabilities implements [connector.Connector].
func (j *jira) Capabilities() connector.Capabilities {
	text := connector.Limit{Max: j.settings.maxText, Unit: connector.UTF16}
	return connector.Capabilities{
		Address:       j.settings.apiURL,
		FindIncident:  true,
		CountComments: true,
		ReadIncident:  true,
		SettleTime:    j.settings.settleTime,
		FindDelay:     j.settings.findDelay,
		Limits: map[string]connector.Limit{
			fieldSummary:     {Max: maxSummaryUTF16, Unit: connector.UTF16},
			fieldDescription: text,
			"comment":        text,
		},
		MaxInFlight: j.settings.maxInFlight,
	}
}

// CreateIncident implements [connector.Connector]. Without an issue type it
// first asks for the project's, once per connector. There is no read-back.
func (j *jira) CreateIncident(ctx context.Context, id connector.CorrelationID, in connector.Incident) (connector.Ref, error) {
	const op = "create incident"
	typeID, defaulted := in.Text(fieldIssueType), false
	if typeID == "" {
		var err error
		if typeID, err = j.defaultIssueType(ctx); err != nil {
			return connector.Ref{}, connector.AsError(op, err).OfCreate()
		}
		defaulted = true
	}
	body, err := j.issueBody(in, issueOptions{issueType: typeID, correlationLabel: id.Mark(), alwaysLabels: true})
	if err != nil {
		return connector.Ref{}, connector.Unsendable(op, err)
	}
	answer, err := j.send(ctx, call{op: op, method: http.MethodPost, path: "issue", body: body})
	if err != nil {
		e := connector.AsError(op, err)
		if defaulted && e.Kind == connector.Rejected {
			j.issueType.Store(nil) // the type may be gone since we asked
		}
		return connector.Ref{}, e.OfCreate()
	}
	return j.createdRef(op, answer)
}

// createdRef reads the answer to a create. An answer without id or key leaves
// the effect unknown: the incident most likely exists.
func (j *jira) createdRef(op string, answer []byte) (connector.Ref, error) {
	var issue issueIdentity
	if err := wire.Decode(answer, &issue); err != nil {
		return connector.Ref{}, connector.BadReceipt(op, err)
	}
	if issue.ID == "" || issue.Key == "" {
		return connector.Ref{}, connector.BadReceipt(op, errors.New("no id or no key"))
	}
	return j.ref(issue), nil
}

// UpdateIncident implements [connector.Connector]. Fields that are nil, and an
// empty description, priority or parent, are left out as Kibana leaves them
// out; with nothing left nothing is sent.
func (j *jira) UpdateIncident(ctx context.Context, id connector.CorrelationID, ref connector.Ref, in connector.Incident) error {
	const op = "update incident"
	body, err := j.issueBody(in, issueOptions{issueType: in.Text(fieldIssueType), correlationLabel: id.Mark()})
	if err != nil {
		return connector.Unsendable(op, err)
	}
	if body == nil {
		return nil
	}
	if err := j.throttle.wait(ctx, op, ref.ID); err != nil {
		return err
	}
	_, err = j.send(ctx, call{op: op, method: http.MethodPut, path: "issue", parts: []string{ref.ID}, body: body, class: httpclient.Updates})
	return err
}

// issueIdentity is what every answer about an issue holds.
type issueIdentity struct {
	ID  string `json:"id"`
	Key string `json:"key"`
}

func (j *jira) ref(issue issueIdentity) connector.Ref {
	return connector.Ref{ID: issue.ID, Title: issue.Key, URL: j.settings.browseURL + "/browse/" + url.PathEscape(issue.Key)}
}
