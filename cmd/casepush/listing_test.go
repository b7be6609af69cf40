package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// list writes n rows with a hostile text and returns what came out.
func list(t *testing.T, format string, n int) (text string, held int) {
	t.Helper()
	var out bytes.Buffer
	a := &app{out: &out}
	l, err := a.newListing(format, "id", "next_attempt", "text")
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := l.row(map[string]int{"id": i}, strconv.Itoa(i), "", "a\tb\n\x1b[31m<é>\u202e,\""); err != nil {
			t.Fatal(err)
		}
		held = max(held, len(l.page))
	}
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	return out.String(), held
}

func TestListingBoundsMemory(t *testing.T) {
	t.Parallel()
	text, held := list(t, formatTable, 10*pageRows+1)
	if held > pageRows {
		t.Errorf("%d rows were held", held)
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != 10*pageRows+2 || strings.Count(text, "NEXT ATTEMPT") != 1 {
		t.Errorf("%d lines, header %d times", len(lines), strings.Count(text, "NEXT ATTEMPT"))
	}
	if at := strings.Index(lines[0], "TEXT"); at < 0 || strings.Index(lines[1], "a") != at {
		t.Errorf("columns do not meet:\n%s\n%s", lines[0], lines[1])
	}
}

func TestListingKeepsLinesAndTerminals(t *testing.T) {
	t.Parallel()
	for _, format := range []string{formatTable, formatTabs, formatCSV} {
		text, _ := list(t, format, 3)
		if strings.ContainsAny(text, "\x1b\u202e") {
			t.Errorf("%s: controls of others: %q", format, text)
		}
		if n := strings.Count(text, "\n"); n != 3 && (format == formatTabs || n != 4) {
			t.Errorf("%s: %d lines: %q", format, n, text)
		}
	}
	text, _ := list(t, formatTabs, 1)
	if text != "0\t\ta b  [31m<é> ,\"\n" {
		t.Errorf("%q", text)
	}
}

func TestListingIsWhatItSays(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 3} {
		text, _ := list(t, formatJSON, n)
		var rows []map[string]int
		if err := json.Unmarshal([]byte(text), &rows); err != nil || len(rows) != n {
			t.Errorf("%d rows in JSON: %v: %q", n, err, text)
		}
		text, _ = list(t, formatCSV, n)
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(records) != n+1 {
			t.Errorf("%d rows in CSV: %v: %q", n, err, text)
		}
	}
	if _, err := (&app{}).newListing("yaml", "id"); (&app{err: &bytes.Buffer{}}).exit(err) != exitUsage {
		t.Errorf("unknown format: %v", err)
	}
}
