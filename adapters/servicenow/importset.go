package servicenow

import (
	"context"
	"fmt"
	"net/http"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

// Statuses of an imported row.
const (
	statusUpdated = "updated"
	statusIgnored = "ignored" // nothing differed
	statusError   = "error"
)

// imported is what became of a row in one transform map.
type imported struct {
	Table        string `json:"table"`
	DisplayName  string `json:"display_name"`
	DisplayValue value  `json:"display_value"`
	Status       string `json:"status"`
	SysID        value  `json:"sys_id"`
	ErrorMessage string `json:"error_message"`
}

// change is one write to an incident that exists.
type change struct {
	op, id string
	fields *wire.Object
	class  httpclient.Class
	// always: it changes the incident for certain, so that an import that
	// ignores the row has not done it.
	always bool
}

// change sends a write through the API that the connector uses.
func (n *serviceNow) change(ctx context.Context, c change) error {
	if c.class == httpclient.Creates {
		c.class = httpclient.Updates
	}
	if n.settings.tableAPI {
		return n.changeInTable(ctx, c)
	}
	return n.changeByImport(ctx, c)
}

func (n *serviceNow) changeInTable(ctx context.Context, c change) error {
	path, err := n.recordPath(c.id)
	if err != nil {
		return connector.Unsendable(c.op, err)
	}
	body, err := c.fields.MarshalJSON()
	if err != nil {
		return connector.Unsendable(c.op, err)
	}
	answer, err := n.send(ctx, call{op: c.op, method: http.MethodPatch, path: path, body: body, class: c.class})
	if err != nil {
		return err
	}
	if err := n.result(answer, &record{}); err != nil {
		return connector.BadReceipt(c.op, err)
	}
	return nil
}

// changeByImport makes sure that the incident is there, since an import that
// finds no record makes one, as the transform map has it; then it looks at what
// became of the row.
func (n *serviceNow) changeByImport(ctx context.Context, c change) error {
	if err := n.health(ctx, c.op); err != nil {
		return err
	}
	if _, err := n.readRecord(ctx, c.op, c.id, readOptions{fields: []string{"sys_id"}}); err != nil {
		return err
	}
	if err := c.fields.Encode(importID, c.id); err != nil {
		return connector.Unsendable(c.op, err)
	}
	body, err := c.fields.MarshalJSON()
	if err != nil {
		return connector.Unsendable(c.op, err)
	}
	row, err := n.importRow(ctx, call{op: c.op, body: body, class: c.class})
	if err != nil {
		return err
	}
	return c.judge(row)
}

// judge says whether the row changed this incident.
func (c change) judge(row imported) error {
	switch {
	case row.SysID != "" && string(row.SysID) != c.id:
		return elsewhere(c, row)
	case row.Status == statusUpdated, row.Status == statusIgnored && !c.always:
		return nil
	case row.Status == "inserted":
		return elsewhere(c, row)
	}
	return connector.BadReceipt(c.op, fmt.Errorf("the import's status is %q, want %q", row.Status, statusUpdated))
}

// elsewhere is the error of an import that wrote to another record, mostly one
// that it made: to send it again would make one more.
func elsewhere(c change, row imported) error {
	return &connector.Error{
		Op: c.op, Kind: connector.Rejected, Effect: connector.NotApplied,
		Err: fmt.Errorf("the import wrote to the record %q instead (status %q): the transform map of %q must coalesce on %s",
			row.SysID, row.Status, row.Table, importID),
	}
}

// importRow sends one row to the staging table and returns what became of it
// in the connector's table. A row that ended in an error has changed nothing,
// whatever the status of the answer says.
func (n *serviceNow) importRow(ctx context.Context, c call) (imported, error) {
	c.method, c.path = http.MethodPost, "/api/now/import/"+n.settings.product.importTable
	answer, err := n.send(ctx, c)
	if err != nil {
		// A 404 is the staging table's, or a proxy's: no incident is named.
		return imported{}, connector.AsError(c.op, err).OfCreate()
	}
	var rows []imported
	if err := n.result(answer, &rows); err != nil {
		return imported{}, connector.BadReceipt(c.op, err)
	}
	if len(rows) == 0 {
		return imported{}, connector.BadReceipt(c.op, wire.KibanaError("Unexpected result"))
	}
	row := n.rowOfTable(rows)
	if row.Status == statusError {
		return row, &connector.Error{Op: c.op, Kind: connector.Rejected, Effect: connector.NotApplied, Err: n.settings.quote(row.ErrorMessage)}
	}
	return row, nil
}

// rowOfTable picks the connector's table where several transform maps have
// worked on the row.
func (n *serviceNow) rowOfTable(rows []imported) imported {
	for _, row := range rows {
		if row.Table == n.settings.product.table {
			return row
		}
	}
	return rows[0]
}

// health asks the Elastic application whether it is there, as Kibana does
// before each write. Whatever is wrong with it is wrong for every case, so no
// answer of it refuses this one.
func (n *serviceNow) health(ctx context.Context, op string) error {
	err := n.askHealth(ctx, op)
	if err == nil {
		return nil
	}
	e := *connector.AsError(op, err)
	if e.Kind == connector.Rejected || e.Kind == connector.NotFound {
		e.Kind = connector.Transient
	}
	e.Err = because(n.noApplication(), e.Err)
	return &e
}

func (n *serviceNow) askHealth(ctx context.Context, op string) error {
	body, err := n.send(ctx, call{op: op, method: http.MethodGet, path: "/api/" + n.settings.product.appScope + "/elastic_api/health"})
	if err != nil {
		return err
	}
	if err := n.result(body, &map[string]rawValue{}); err != nil {
		return connector.BadAnswer(op, err)
	}
	return nil
}

func (n *serviceNow) noApplication() error {
	return wire.KibanaError(fmt.Sprintf("Unable to get application version (is the application %s installed, and usesTableApi right?)", n.settings.product.appScope))
}
