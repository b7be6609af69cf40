package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/casepush/casepush/internal/demo"
	"github.com/casepush/casepush/internal/push"
)

// Both run at the same time: nothing of a demo is shared with another one.

func TestDemoOnce(t *testing.T) {
	t.Parallel()
	var out, errOut bytes.Buffer
	a := &app{out: &out, err: &errOut}
	if code := a.exit(a.run(t.Context(), []string{"demo", "--once"})); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	text := out.String()
	for _, want := range []string{
		"SAMPLE", "create ", "update ", "new comment ", "edited comment ", "close-by-pushing ", "close-by-user ", "connector of the event ",
		"connector of the case ", "default connector ", "no connector ", "pushed by Kibana before ", "difficult title ", "malformed event ", "tracker down ",
		"/soc/browse/SOC-1", "skipped: no_connector", "dead_lettered: malformed", "each as expected",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the output", want)
		}
	}
	for _, line := range excerptOf(readme(t), text) {
		t.Errorf("the README shows what the demo does not print: %s", line)
	}
	if strings.Contains(text, "\x1b") {
		t.Error("escape codes in what is no terminal")
	}
	if t.Failed() {
		t.Log(text, errOut.String())
	}
}

func TestDemoStaysUp(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithTimeout(t.Context(), time.Minute)
	defer interrupt()
	out, writer := io.Pipe()
	var errOut bytes.Buffer
	a := &app{in: strings.NewReader("demo-update\n\ndemo-no-connector\n"), out: writer, err: &errOut}
	code := make(chan int, 1)
	go func() {
		code <- a.exit(a.run(ctx, []string{"demo"}))
		_ = writer.Close()
	}()
	answers := 0
	var text strings.Builder
	for s := bufio.NewScanner(out); s.Scan(); {
		text.WriteString(s.Text() + "\n")
		if strings.HasPrefix(s.Text(), "demo-update: unchanged, http://127.0.0.1:") || s.Text() == "demo-no-connector: skipped, no_connector" {
			if answers++; answers == 2 {
				interrupt()
			}
		}
	}
	if got := <-code; got != exitDone || answers != 2 {
		t.Errorf("exit code %d after %d answers\n%s%s", got, answers, &text, &errOut)
	}
	for _, want := range []string{"fake Kibana", "fake Jira Cloud", "fake Jira Data Center", "nats --server nats://127.0.0.1:", "pub casepush.push.default.demo-new-comment"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in the output", want)
		}
	}
}

func TestDemoNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	var out, errOut bytes.Buffer
	a := &app{out: &out, err: &errOut}
	rows := []demo.Row{{Sample: "one"}, {Sample: "two", Wrong: []string{"2 incidents, expected one"}}}
	if code := a.exit(a.judge(rows, nil)); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(errOut.String(), "two: 2 incidents, expected one") || out.Len() > 0 {
		t.Errorf("stdout %q, stderr %q", out.String(), errOut.String())
	}
	if code := a.exit(a.judge(rows[:1], io.ErrUnexpectedEOF)); code != exitFailed {
		t.Errorf("exit code %d with a stray incident", code)
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	rows := []demo.Row{
		{Sample: "one", Did: strings.Repeat("many words ", 9), Look: "this", Outcome: push.Pushed, Status: "open", IncidentURL: "http://127.0.0.1:65535/soc/browse/SOC-100"},
		{Sample: "two", Did: "that", Look: strings.Repeat("häufig ", 12), Outcome: push.DeadLettered, Reason: push.ReasonMalformed, Wrong: []string{"all"}},
	}
	for _, l := range []look{{}, {terminal: true}, {terminal: true, color: true}, {terminal: true, width: 80}, {terminal: true, color: true, width: 119}} {
		var b strings.Builder
		l.table(&b, rows)
		if got := strings.Contains(b.String(), "\x1b["); got != l.color {
			t.Errorf("%+v: escape codes: %t", l, got)
		}
		if !strings.Contains(b.String(), "DIFFERS") || !strings.Contains(b.String(), rows[0].IncidentURL) {
			t.Errorf("%+v: incomplete:\n%s", l, &b)
		}
		if !l.terminal || l.color || l.width > 0 {
			continue
		}
		for line := range strings.Lines(b.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n != frameWidth() || n > 120 {
				t.Errorf("%d characters: %s", n, line)
			}
		}
	}
}

func TestNoColor(t *testing.T) {
	t.Parallel()
	a := &app{environ: []string{"NO_COLOR=1", "TERM=xterm"}}
	if l := a.lookOf(&bytes.Buffer{}); l.terminal || l.color {
		t.Errorf("a buffer is no terminal: %+v", l)
	}
	if s := (look{terminal: true}).paint(red, "x"); s != "x" {
		t.Errorf("painted %q", s)
	}
}
