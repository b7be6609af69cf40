package ops_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/ops"
)

const copyHeader = `{"format":"casepush-ledger","version":1,"entry_format":1,"at":"2026-11-23T10:00:00Z"}`

// copyOf is a copy with these lines.
func copyOf(lines ...string) string {
	return strings.Join(append(append([]string{copyHeader}, lines...), fmt.Sprintf(`{"end":true,"entries":%d}`, len(lines))), "\n") + "\n"
}

func copyEntry(caseID, write, more string) string {
	return fmt.Sprintf(`{"connector_id":"soc.jira","space_id":"default","case_id":%q%s,"entry":{"v":1,"w":%q,"inc":{"id":"1"},"of_a_later_version":7}}`, caseID, more, write)
}

func (d desk) importCopy(t *testing.T, text string, opts ops.ImportOptions) (ops.Imported, error) {
	t.Helper()
	c, err := ops.CheckLedgerCopy(strings.NewReader(text))
	if err != nil {
		return ops.Imported{}, err
	}
	return d.ImportLedger(t.Context(), strings.NewReader(text), c, opts)
}

func (d desk) exportCopy(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	if _, err := d.ExportLedger(t.Context(), &out, nil); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// sortedEntries are the lines of a copy between header and end.
func sortedEntries(text string) []string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	lines = lines[1 : len(lines)-1]
	slices.Sort(lines)
	return lines
}

// What goes out comes back in, byte for byte, and the restored ledger is not trusted.
func TestLedgerRoundTrip(t *testing.T) {
	t.Parallel()
	const entries = 10_000
	lines := make([]string, entries)
	for i := range lines {
		lines[i] = copyEntry(fmt.Sprintf("case %d", i), fmt.Sprintf("w%d", i), "")
	}
	slices.Sort(lines)
	first, second := newDesk(t), newDesk(t)
	if n, err := first.importCopy(t, copyOf(lines...), ops.ImportOptions{}); err != nil || n != (ops.Imported{Added: entries}) {
		t.Fatalf("%+v %v", n, err)
	}
	out := first.exportCopy(t)
	before := time.Now()
	if n, err := second.importCopy(t, out, ops.ImportOptions{}); err != nil || n != (ops.Imported{Added: entries}) {
		t.Fatalf("%+v %v", n, err)
	}
	if at := second.TrustedSince(); at.Before(before.Truncate(time.Second)) {
		t.Errorf("the restored ledger is trusted since %s", at)
	}
	for name, text := range map[string]string{"first": out, "second": second.exportCopy(t)} {
		if got := sortedEntries(text); !slices.Equal(got, lines) {
			t.Errorf("%s: %d entries differ from what went in", name, len(got))
		}
	}
	trusted := second.TrustedSince()
	if n, err := second.importCopy(t, out, ops.ImportOptions{Overwrite: true}); err != nil || n != (ops.Imported{Same: entries}) {
		t.Errorf("again: %+v %v", n, err)
	}
	if at := second.TrustedSince(); !at.Equal(trusted) {
		t.Errorf("nothing was written, and the ledger is trusted since %s", at)
	}
}

// What a worker has written since is newer than the copy, unless a person says otherwise.
func TestImportKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	there := ledger.Key{Connector: "soc.jira", Space: "default", Case: "a"}
	d.entry(t, there, ledger.Entry{Incident: &ledger.Incident{ID: "newer"}})
	text := copyOf(copyEntry("a", "w1", ""), copyEntry("b", "w2", ""))
	for _, c := range []struct {
		overwrite bool
		want      ops.Imported
		incident  string
	}{
		{false, ops.Imported{Added: 1, Kept: 1}, "newer"},
		{true, ops.Imported{Same: 1, Written: 1}, "1"},
	} {
		if n, err := d.importCopy(t, text, ops.ImportOptions{Overwrite: c.overwrite}); err != nil || n != c.want {
			t.Errorf("overwrite %t: %+v %v", c.overwrite, n, err)
		}
		if e, _, err := d.conn.Ledger().Get(t.Context(), there); err != nil || e.Incident.ID != c.incident {
			t.Errorf("overwrite %t: incident %+v %v", c.overwrite, e.Incident, err)
		}
	}
}

// An entry that changed while the copy was made stands in it twice: the later one counts.
func TestImportTakesTheLaterState(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	text := copyOf(copyEntry("a", "old", ""), copyEntry("b", "w", ""), copyEntry("a", "new", `,"again":true`))
	if n, err := d.importCopy(t, text, ops.ImportOptions{}); err != nil || n != (ops.Imported{Added: 2}) {
		t.Errorf("%+v %v", n, err)
	}
	if e, _, err := d.conn.Ledger().Get(t.Context(), ledger.Key{Connector: "soc.jira", Space: "default", Case: "a"}); err != nil || e.Write != "new" {
		t.Errorf("%+v %v", e, err)
	}
}

// What is not a whole copy, or one of a newer program, is refused before anything is written.
func TestImportRefusals(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	good := copyEntry("a", "w1", "")
	whole := copyOf(good)
	for name, c := range map[string]struct {
		text, say string
		want      error
	}{
		"empty":            {"", "it is empty", ops.ErrCopy},
		"something else":   {"{\"case_id\":\"a\"}\n", "first line", ops.ErrCopy},
		"cut off":          {strings.Join(strings.SplitAfter(whole, "\n")[:2], ""), "cut off after 1 entries", ops.ErrCopy},
		"cut in a line":    {whole[:len(whole)-20], "line 3", ops.ErrCopy},
		"a line is gone":   {copyHeader + "\n" + `{"end":true,"entries":1}`, "has 1 entries, and has 0", ops.ErrCopy},
		"more than a copy": {whole + good, "more after its end", ops.ErrCopy},
		"no key":           {copyOf(`{"connector_id":"c","space_id":"s","entry":{"v":1}}`), "line 2", ops.ErrCopy},
		"newer copy":       {strings.Replace(whole, `"version":1`, `"version":2`, 1), "version 2", ledger.ErrFormat},
		"newer entries":    {strings.Replace(whole, `"entry_format":1`, `"entry_format":99`, 1), "format 99", ledger.ErrFormat},
		"a newer entry":    {strings.Replace(whole, `"v":1`, `"v":99`, 1), "line 2", ledger.ErrFormat},
	} {
		_, err := d.importCopy(t, c.text, ops.ImportOptions{})
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v, want %v with %q", name, err, c.want, c.say)
		}
	}
	if got := sortedEntries(d.exportCopy(t)); len(got) > 0 {
		t.Errorf("something was written: %q", got)
	}
}

// The header says of what the copy is.
func TestExportHeader(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.entry(t, key, ledger.Entry{Epoch: 1})
	first, _, _ := strings.Cut(d.exportCopy(t), "\n")
	var h ops.CopyHeader
	if err := json.Unmarshal([]byte(first), &h); err != nil || h.Entries != 1 || h.EventStream != d.conn.Incarnation() || h.At.IsZero() || h.TrustedSince.IsZero() {
		t.Errorf("%+v %v", h, err)
	}
}
