package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// Formats of -o. The default is a table on a terminal, else tab separated.
const (
	formatTable = "table"
	formatTabs  = "tsv"
	formatCSV   = "csv"
	formatJSON  = "json"
)

// listing writes rows as they come, in one of the formats. JSON is an array
// with one element a line.
type listing struct {
	out     io.Writer
	talk    io.Writer // hears that a table has no rows; nil: nobody
	format  string
	columns []string
	rows    int
	csv     *csv.Writer
	page    [][]string // of a table, not written yet
	widths  []int      // of the first page's columns, for those that follow too
}

// pageRows is how much of a table is held back to find its widths.
const pageRows = 200

func listingFlag(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVarP(format, "output", "o", "", "`format`: table, tsv, csv or json (default: table on a terminal, else tsv)")
}

// newListing begins a listing; end it with close.
func (a *app) newListing(format string, columns ...string) (*listing, error) {
	l := &listing{out: a.out, talk: a.err, format: format, columns: columns}
	switch format {
	case "":
		l.format = formatTabs
		if isTerminal(a.out) {
			l.format = formatTable
		}
	case formatTable, formatTabs, formatJSON:
	case formatCSV:
		l.csv = csv.NewWriter(a.out)
		if err := l.csv.Write(columns); err != nil {
			return nil, err
		}
	default:
		return nil, usage("-o %q: want table, tsv, csv or json", format)
	}
	return l, nil
}

// row writes one row: value in JSON, else the cells.
func (l *listing) row(value any, cells ...string) error {
	l.rows++
	for i := range cells {
		cells[i] = printable(cells[i])
	}
	switch l.format {
	case formatJSON:
		return l.element(value)
	case formatCSV:
		return l.csv.Write(cells)
	case formatTable:
		l.page = append(l.page, cells)
		if len(l.page) == pageRows {
			return l.flush()
		}
		return nil
	}
	_, err := fmt.Fprintln(l.out, strings.Join(cells, "\t"))
	return err
}

func (l *listing) element(value any) error {
	b, err := marshal(value)
	if err != nil {
		return err
	}
	before := ",\n"
	if l.rows == 1 {
		before = "[\n"
	}
	_, err = fmt.Fprintf(l.out, "%s%s", before, b)
	return err
}

// flush writes the page of a table; only the first one has a header.
func (l *listing) flush() error {
	if l.format != formatTable || len(l.page) == 0 {
		return nil
	}
	if l.widths == nil {
		header := make([]string, len(l.columns))
		for i, c := range l.columns {
			header[i] = strings.ToUpper(strings.ReplaceAll(c, "_", " "))
		}
		l.page = slices.Insert(l.page, 0, header)
		l.widths = make([]int, len(l.columns))
		for _, cells := range l.page {
			for i, c := range cells {
				l.widths[i] = max(l.widths[i], utf8.RuneCountInString(c))
			}
		}
	}
	for _, cells := range l.page {
		var line strings.Builder
		for i, c := range cells {
			fmt.Fprintf(&line, "%-*s  ", l.widths[i], c)
		}
		if _, err := fmt.Fprintln(l.out, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	l.page = l.page[:0]
	return nil
}

// close ends the listing.
func (l *listing) close() error {
	switch l.format {
	case formatJSON:
		end := "\n]\n"
		if l.rows == 0 {
			end = "[]\n"
		}
		_, err := io.WriteString(l.out, end)
		return err
	case formatCSV:
		l.csv.Flush()
		return l.csv.Error()
	case formatTable:
		if l.rows == 0 && l.talk != nil {
			fmt.Fprintln(l.talk, "none") // an empty screen leaves people in doubt
		}
	}
	return l.flush()
}

// printable keeps a text from others on its line and away from the terminal's
// controls.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
}

// marshal is JSON on one line, without HTML escapes.
func marshal(v any) ([]byte, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return []byte(strings.TrimSuffix(b.String(), "\n")), nil
}

// printJSON writes v as one indented document.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// detail is one line of what show prints; without a value it is left out.
type detail struct{ name, value string }

func (a *app) printDetails(details []detail) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, d := range details {
		if d.value != "" {
			fmt.Fprintf(w, "%s:\t%s\n", d.name, printable(d.value))
		}
	}
	return w.Flush()
}

// timeText is "" for no time.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
