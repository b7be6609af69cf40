package servicenow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

const (
	searchPage = 100
	// maxSearchPages bounds a search for one correlation id, which has one
	// incident or two.
	maxSearchPages = 20
)

// FindIncident implements [connector.Connector]: of several the oldest.
func (n *serviceNow) FindIncident(ctx context.Context, id connector.CorrelationID) (connector.Ref, error) {
	const op = "find incident"
	found, err := n.search(ctx, op, id)
	if err != nil {
		return connector.Ref{}, err
	}
	if len(found) == 0 {
		return connector.Ref{}, &connector.Error{Op: op, Kind: connector.NotFound, Effect: connector.NotApplied}
	}
	return n.ref(found[0]), nil
}

// search returns the incidents that carry the mark, oldest first, each once.
func (n *serviceNow) search(ctx context.Context, op string, id connector.CorrelationID) ([]record, error) {
	mark, err := markOf(id)
	if err != nil {
		return nil, connector.Unsendable(op, err)
	}
	rows, err := n.list(ctx, listing{
		op: op, path: n.tablePath(), query: fieldCorrelationID + "=" + mark + "^ORDERBYsys_created_on^ORDERBYnumber",
		fields: []string{"sys_id", "number", fieldCorrelationID, "sys_created_on"}, page: searchPage, most: maxSearchPages,
	})
	if err != nil {
		return nil, err
	}
	found, err := marked(rows, mark)
	if err != nil {
		return nil, &connector.Error{Op: op, Kind: connector.Forbidden, Effect: connector.NotApplied, Err: err}
	}
	return oldestFirst(found), nil
}

var errQueryDropped = errors.New("the answer has incidents of other correlation ids, so ServiceNow has left that part of the query out: " +
	"the account cannot read the column correlation_id, or the table has none")

// marked are the records whose correlation id is the mark. ServiceNow leaves a
// part of a query out that it cannot make sense of or that the account may not
// use, and answers what is left of it: strangers prove that it did, and that
// nothing is known of the mark. It compares without regard to case.
func marked(rows []record, mark string) ([]record, error) {
	var found []record
	for _, r := range rows {
		have := string(r[fieldCorrelationID])
		switch {
		case have == mark && r["sys_id"] != "":
			found = append(found, r)
		case !strings.EqualFold(strings.TrimSpace(have), mark):
			return nil, errQueryDropped
		}
	}
	return found, nil
}

// oldestFirst sorts records by their time, which has whole seconds, then by
// their number. One may have come twice, when others changed between two pages.
func oldestFirst(rows []record) []record {
	slices.SortStableFunc(rows, func(a, b record) int {
		return cmp.Or(cmp.Compare(a["sys_created_on"], b["sys_created_on"]), cmp.Compare(len(a["number"]), len(b["number"])), cmp.Compare(a["number"], b["number"]))
	})
	return slices.CompactFunc(rows, func(a, b record) bool { return a["sys_id"] == b["sys_id"] })
}

// listing is what is asked of a table.
type listing struct {
	op, path, query string
	fields          []string
	page, most      int // records a page, pages
}

// list returns all records of a listing. Rules of access are applied after a
// page is cut, so a page may be short or empty with more to come: pages go on
// until ServiceNow's own count is reached, or one is empty. Records that are
// counted and not shown are an error: who takes them for missing makes them
// again.
func (n *serviceNow) list(ctx context.Context, l listing) ([]record, error) {
	var all []record
	size, offset, requests := l.page, 0, 0
	for requests < l.most {
		requests++
		rows, total, err := n.listPage(ctx, l, size, offset)
		if errors.Is(err, connector.ErrAnswerTooLarge) && size > 1 {
			size = max(1, size/smallerPage)
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		offset += size
		switch {
		case total >= 0 && offset < total, total < 0 && len(rows) > 0:
			continue
		case len(all) < total:
			return nil, &connector.Error{
				Op: l.op, Kind: connector.Forbidden, Effect: connector.NotApplied,
				Err: fmt.Errorf("%q: %d of %d records are shown: the account may not read the others", tableOf(l.path), len(all), total),
			}
		}
		return all, nil
	}
	return nil, connector.BadAnswer(l.op, fmt.Errorf("no end of the records after %d requests", l.most))
}

// smallerPage divides a page that is larger than the client takes.
const smallerPage = 4

func tableOf(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// listPage returns one page, and how many records there are in all, -1 if
// ServiceNow does not say.
func (n *serviceNow) listPage(ctx context.Context, l listing, size, offset int) ([]record, int, error) {
	total := -1
	body, err := n.send(ctx, call{
		op: l.op, method: http.MethodGet, path: l.path, search: true,
		head: func(_ int, header http.Header) {
			if n, err := strconv.Atoi(header.Get("X-Total-Count")); err == nil {
				total = n
			}
		},
		query: url.Values{
			"sysparm_query": {l.query}, "sysparm_fields": {strings.Join(l.fields, ",")}, "sysparm_exclude_reference_link": {"true"},
			"sysparm_limit": {strconv.Itoa(size)}, "sysparm_offset": {strconv.Itoa(offset)},
		},
	})
	if err != nil {
		return nil, 0, err
	}
	var rows []record
	if err := n.result(body, &rows); err != nil {
		return nil, 0, connector.BadAnswer(l.op, err)
	}
	return rows, total, nil
}
