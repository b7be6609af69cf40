package ops

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ledger"
)

// Link is a person's word that a case has an incident already.
type Link struct {
	Line     int // of the file, from 1
	Key      ledger.Key
	Incident connector.Ref
}

// LinkColumns are the columns of a list of incidents: three that it must have,
// and those that it may.
func LinkColumns() (needed, optional []string) {
	return []string{"connector_id", "case_id", "incident_id"}, []string{"space_id", "title", "url"}
}

// ErrNoLinks: the list has no header, or nothing else.
var ErrNoLinks = errors.New("no incidents: want a header row and a row for each incident")

// ReadLinks reads a list of incidents as CSV with a header row, into memory.
// Rows that are none, and those that name a case or an incident again, are
// returned as [*Mistakes]. url says whether a text is one.
func ReadLinks(r io.Reader, url func(string) bool) ([]Link, error) {
	in := csv.NewReader(r)
	in.TrimLeadingSpace = true
	in.FieldsPerRecord = -1 // told with the line instead
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, ErrNoLinks
	}
	if err != nil {
		return nil, err
	}
	l := linkReader{wrong: Mistakes{What: "incident"}, url: url, cases: map[ledger.Key]int{}, incidents: map[[2]string]int{}}
	if err := l.readHeader(header); err != nil {
		return nil, err
	}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err // csv.ParseError has the line; what follows cannot be told apart
		}
		line, _ := in.FieldPos(0)
		if err := l.readRow(line, row); err != nil {
			l.wrong.add(line, err)
		}
	}
	switch {
	case len(l.wrong.List) > 0:
		return nil, &l.wrong
	case len(l.links) == 0:
		return nil, ErrNoLinks
	}
	return l.links, nil
}

type linkReader struct {
	columns   []string
	url       func(string) bool
	wrong     Mistakes
	cases     map[ledger.Key]int // their lines
	incidents map[[2]string]int  // of a connector
	links     []Link
}

func (l *linkReader) readHeader(header []string) error {
	needed, optional := LinkColumns()
	known := slices.Concat(needed, optional)
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		switch {
		case !slices.Contains(known, name):
			return fmt.Errorf("unknown column %q: %s", header[i], suggestColumn(name, known))
		case slices.Contains(l.columns, name):
			return fmt.Errorf("column %q is there twice", name)
		}
		l.columns = append(l.columns, name)
	}
	for _, name := range needed {
		if !slices.Contains(l.columns, name) {
			return fmt.Errorf("column %q is missing: the first row has to name the columns", name)
		}
	}
	return nil
}

// suggestColumn finds the known name that a word is a part of, or that is a part of it.
func suggestColumn(word string, known []string) string {
	plain := func(s string) string { return strings.NewReplacer("_", "", "-", "", " ", "").Replace(s) }
	for _, k := range known {
		if w, k := plain(word), plain(k); w != "" && (strings.Contains(k, w) || strings.Contains(w, k)) {
			return fmt.Sprintf("did you mean %q?", known[slices.IndexFunc(known, func(s string) bool { return plain(s) == k })])
		}
	}
	if strings.Contains(word, "key") {
		return `did you mean "incident_id"?`
	}
	return "there are " + strings.Join(known, ", ")
}

func (l *linkReader) readRow(line int, row []string) error {
	if len(row) != len(l.columns) {
		return fmt.Errorf("%d fields, and the header has %d", len(row), len(l.columns))
	}
	cells := map[string]string{"space_id": event.DefaultSpace}
	for i, name := range l.columns {
		if v := strings.TrimSpace(row[i]); v != "" {
			cells[name] = v
		}
	}
	needed, _ := LinkColumns()
	for _, name := range needed {
		if cells[name] == "" {
			return fmt.Errorf("%s is empty", name)
		}
	}
	if u := cells["url"]; u != "" && !l.url(u) {
		return fmt.Errorf("url %q: want an address with http or https", u)
	}
	link := Link{
		Line: line, Key: ledger.Key{Connector: cells["connector_id"], Space: cells["space_id"], Case: cells["case_id"]},
		Incident: connector.Ref{ID: cells["incident_id"], Title: cells["title"], URL: cells["url"]},
	}
	if link.Incident.Title == "" {
		link.Incident.Title = link.Incident.ID
	}
	if _, err := (event.Event{CaseID: link.Key.Case, SpaceID: link.Key.Space}).Encode(); err != nil {
		return err
	}
	return l.take(link)
}

// take refuses what would undo an earlier row.
func (l *linkReader) take(link Link) error {
	if line, ok := l.cases[link.Key]; ok {
		return fmt.Errorf("case %q has an incident on line %d already", link.Key.Case, line)
	}
	at := [2]string{link.Key.Connector, link.Incident.ID}
	if line, ok := l.incidents[at]; ok {
		return fmt.Errorf("incident %q is another case's on line %d", link.Incident.ID, line)
	}
	l.cases[link.Key], l.incidents[at] = link.Line, link.Line
	l.links = append(l.links, link)
	return nil
}
