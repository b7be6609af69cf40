// Package servicenow pushes incidents to ServiceNow: ITSM and SecOps (Security
// Incident Response), each through the Table API or through the Import Set API
// of the Elastic application, with the bodies that Kibana sends.
//
// README.md lists the configuration keys and where we differ from Kibana.
package servicenow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

// ITSM returns the connector type of the table incident.
func ITSM() connector.Type { return typeOf(itsm()) }

// SecOps returns the connector type of the table sn_si_incident.
func SecOps() connector.Type {
	t := typeOf(secOps())
	t.Alerts = alertFields
	return t
}

func typeOf(p product) connector.Type {
	return connector.Type{
		ID:   p.typeID,
		Name: p.name,
		Mapping: []connector.MappingRow{
			{Source: connector.Title, Target: fieldShortDescription, ActionType: connector.Overwrite},
			{Source: connector.Description, Target: fieldDescription, ActionType: connector.Overwrite},
			{Source: connector.Comments, Target: targetWorkNotes, ActionType: connector.Append},
		},
		RequiredTargets: []string{fieldShortDescription},
		Append:          true,
		Format: func(def connector.Definition, c connector.CaseInfo) (connector.Formatted, error) {
			return p.format(def, c)
		},
		Check: func(def connector.Definition) []connector.Problem {
			_, r := parse(p, def)
			return r.Problems()
		},
		New: func(def connector.Definition, deps connector.Dependencies) (connector.Connector, error) {
			return newConnector(p, def, deps)
		},
		Place: func(def connector.Definition) string { return place(p, def) },
	}
}

// place is the table: its correlation ids are the cases' own, whichever
// connector wrote them.
func place(p product, def connector.Definition) string {
	address, _ := def.Config["apiUrl"].(string)
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" {
		return ""
	}
	return "servicenow " + strings.ToLower(u.Scheme+"://"+u.Host) + "/" + p.table
}

// serviceNow is one connector. All of it but the tokens is read-only after
// newConnector.
type serviceNow struct {
	settings settings
	http     *http.Client
	tokens   *tokens // nil: basic authentication
}

var _ connector.Connector = (*serviceNow)(nil)

func newConnector(p product, def connector.Definition, deps connector.Dependencies) (connector.Connector, error) {
	s, r := parse(p, def)
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("servicenow connector %q: %w", def.ID, err)
	}
	if deps.HTTP == nil {
		return nil, fmt.Errorf("servicenow connector %q: no HTTP client given", def.ID)
	}
	n := &serviceNow{settings: s, http: deps.HTTP}
	if s.oauth != nil {
		n.tokens = newTokens(tokenSource{apiURL: s.apiURL, oauth: *s.oauth, http: deps.HTTP}.fetch)
	}
	if p.observables && !s.tableAPI {
		return &observing{n}, nil
	}
	return n, nil
}

// Capabilities implements [connector.Connector].
func (n *serviceNow) Capabilities() connector.Capabilities {
	s := n.settings
	return connector.Capabilities{
		Address:       s.apiURL,
		FindIncident:  true,
		CountComments: true,
		ReadIncident:  true,
		SettleTime:    s.settleTime,
		FindDelay:     s.findDelay,
		Limits: map[string]connector.Limit{
			fieldShortDescription: {Max: s.maxShortDescription, Unit: connector.UTF16},
			fieldDescription:      {Max: s.maxDescription, Unit: connector.UTF16},
			"comment":             {Max: s.maxComment, Unit: connector.UTF16},
		},
		MaxInFlight: s.maxInFlight,
	}
}

// CreateIncident implements [connector.Connector]. With the application it
// first asks for its health, as Kibana does.
func (n *serviceNow) CreateIncident(ctx context.Context, id connector.CorrelationID, in connector.Incident) (connector.Ref, error) {
	const op = "create incident"
	mark, err := markOf(id)
	if err != nil {
		return connector.Ref{}, connector.Unsendable(op, err)
	}
	body, err := n.createBody(mark, in)
	if err != nil {
		return connector.Ref{}, connector.Unsendable(op, err)
	}
	if n.settings.tableAPI {
		return n.createInTable(ctx, op, body)
	}
	return n.createByImport(ctx, op, body)
}

func (n *serviceNow) createInTable(ctx context.Context, op string, body []byte) (connector.Ref, error) {
	answer, err := n.send(ctx, call{op: op, method: http.MethodPost, path: n.tablePath(), body: body})
	if err != nil {
		return connector.Ref{}, connector.AsError(op, err).OfCreate()
	}
	var made record
	if err := n.result(answer, &made); err != nil {
		return connector.Ref{}, connector.BadReceipt(op, err)
	}
	if made["sys_id"] == "" {
		return connector.Ref{}, connector.BadReceipt(op, errNoID)
	}
	return n.ref(made), nil
}

func (n *serviceNow) createByImport(ctx context.Context, op string, body []byte) (connector.Ref, error) {
	if err := n.health(ctx, op); err != nil {
		return connector.Ref{}, err
	}
	row, err := n.importRow(ctx, call{op: op, body: body})
	if err != nil {
		return connector.Ref{}, err
	}
	if row.SysID == "" {
		return connector.Ref{}, connector.BadReceipt(op, errNoID)
	}
	made := record{"sys_id": row.SysID}
	if row.DisplayName == "number" && row.DisplayValue != "" {
		made["number"] = row.DisplayValue
		return n.ref(made), nil
	}
	// The incident is there whether or not its number can be read.
	if read, err := n.readRecord(ctx, op, string(row.SysID), readOptions{fields: []string{"sys_id", "number"}}); err == nil {
		made["number"] = read["number"]
	}
	return n.ref(made), nil
}

// UpdateIncident implements [connector.Connector]. It sends the fields that it
// is given, nil as null, which clears; with none nothing is sent. Through the
// Import Set API it first makes sure that the incident is there: an import that
// finds none makes one.
func (n *serviceNow) UpdateIncident(ctx context.Context, _ connector.CorrelationID, ref connector.Ref, in connector.Incident) error {
	const op = "update incident"
	fields, err := n.updateFields(in)
	if err != nil {
		return connector.Unsendable(op, err)
	}
	if fields.Len() == 0 {
		return nil
	}
	return n.change(ctx, change{op: op, id: ref.ID, fields: fields})
}

var errNoID = errors.New("no sys_id")

func (n *serviceNow) ref(r record) connector.Ref {
	id, title := string(r["sys_id"]), string(r["number"])
	if title == "" {
		title = id
	}
	table := n.settings.product.table
	return connector.Ref{ID: id, Title: title, URL: n.settings.apiURL + "/nav_to.do?uri=" + table + ".do?sys_id=" + url.QueryEscape(id)}
}
