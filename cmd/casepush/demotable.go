package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/casepush/casepush/internal/demo"
	"github.com/casepush/casepush/internal/push"
)

// look is how output appears: framed tables or, where they do not fit,
// paragraphs on a terminal; columns for anything else.
type look struct {
	terminal, color bool
	width           int // of the terminal in characters; 0 is not known
}

// lookOf respects NO_COLOR (https://no-color.org) and dumb terminals.
func (a *app) lookOf(out io.Writer) look {
	f, ok := out.(*os.File)
	if !ok || !isTerminal(out) || a.env("TERM") == "dumb" {
		return look{}
	}
	l := look{terminal: true, color: a.env("NO_COLOR") == ""}
	if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil {
		l.width = int(size.Col)
	}
	return l
}

// Escape codes of colours (SGR).
const (
	bold    = "1"
	faint   = "2"
	red     = "31"
	green   = "32"
	yellow  = "33"
	magenta = "35"
)

func (l look) paint(code, s string) string {
	if !l.color || code == "" || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// table shows what became of the samples.
func (l look) table(out io.Writer, rows []demo.Row) {
	switch {
	case l.terminal && l.width > 0 && l.width < frameWidth():
		l.paragraphs(out, rows)
		return
	case l.terminal:
		l.boxes(out, rows)
		return
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SAMPLE\tOUTCOME\tCASE\tINCIDENT\tDONE\tLOOK AT")
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join([]string{r.Sample, outcomeOf(r), orDash(r.Status), orDash(r.IncidentURL), r.Did, r.Look}, "\t"))
	}
	_ = w.Flush() // a closed pipe: nobody to tell
}

// widths of the columns of boxes: with the frame they fit a terminal of 120.
func widths() []int { return []int{43, 15, 6, 43} }

// frameWidth is the width of boxes.
func frameWidth() int {
	n := 1
	for _, w := range widths() {
		n += w + len("| ") + len(" ")
	}
	return n
}

// paragraphs are for a narrow terminal, which breaks the lines itself.
func (l look) paragraphs(out io.Writer, rows []demo.Row) {
	for _, r := range rows {
		fmt.Fprintf(out, "%s  %s", l.paint(bold, r.Sample), l.paint(colorOf(r), outcomeOf(r)))
		if r.Status != "" {
			fmt.Fprintf(out, ", case %s", r.Status)
		}
		fmt.Fprintf(out, "\n  %s\n", r.Did)
		if r.IncidentURL != "" {
			fmt.Fprintf(out, "  %s\n", r.IncidentURL)
		}
		fmt.Fprintf(out, "  %s\n", l.paint(faint, r.Look))
	}
}

// boxes draws a frame. Texts are broken at spaces, and each line is painted by
// itself: a colour that went on over its end would colour the frame.
func (l look) boxes(out io.Writer, rows []demo.Row) {
	rule := func(left, cross, right string) {
		var parts []string
		for _, w := range widths() {
			parts = append(parts, strings.Repeat("─", w+2))
		}
		fmt.Fprintln(out, left+strings.Join(parts, cross)+right)
	}
	rule("╭", "┬", "╮")
	l.line(out, []cell{{{bold, "SAMPLE, what was done"}}, {{bold, "OUTCOME"}}, {{bold, "CASE"}}, {{bold, "INCIDENT, what to look at"}}})
	for _, r := range rows {
		rule("├", "┼", "┤")
		l.line(out, []cell{
			{{bold, r.Sample}, {faint, r.Did}}, {{colorOf(r), outcomeOf(r)}}, {{"", orDash(r.Status)}}, {{"", orDash(r.IncidentURL)}, {faint, r.Look}},
		})
	}
	rule("╰", "┴", "╯")
}

// cell is the texts of one cell, each beginning on a line of its own.
type cell []painted

type painted struct{ code, text string }

// line draws one row of the table.
func (l look) line(out io.Writer, cells []cell) {
	columns := make([][]painted, len(cells))
	height := 0
	for i, c := range cells {
		for _, p := range c {
			for _, text := range wrap(p.text, widths()[i]) {
				columns[i] = append(columns[i], painted{p.code, text})
			}
		}
		height = max(height, len(columns[i]))
	}
	for n := range height {
		for i, w := range widths() {
			var p painted
			if n < len(columns[i]) {
				p = columns[i][n]
			}
			fmt.Fprint(out, "│ ", l.paint(p.code, p.text), strings.Repeat(" ", max(0, w-utf8.RuneCountInString(p.text))), " ")
		}
		fmt.Fprintln(out, "│")
	}
}

// wrap breaks a text at spaces into lines of at most width characters; a
// longer word stays whole.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}

// outcomeOf is the outcome with its reason, and a mark if it is not what was
// expected.
func outcomeOf(r demo.Row) string {
	s := orDash(string(r.Outcome))
	if r.Reason != "" {
		s += ": " + string(r.Reason)
	}
	if r.Attempts > 1 {
		s += fmt.Sprintf(" (%d attempts)", r.Attempts)
	}
	if len(r.Wrong) > 0 {
		s = "DIFFERS: " + s
	}
	return s
}

func colorOf(r demo.Row) string {
	switch {
	case len(r.Wrong) > 0:
		return red
	case r.Outcome == push.DeadLettered:
		return magenta
	case r.Outcome == push.Skipped:
		return yellow
	}
	return green
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
