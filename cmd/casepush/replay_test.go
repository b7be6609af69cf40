package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/kibana"
)

func TestReplayOntoTrackersInStep(t *testing.T) {
	t.Parallel()
	r := newReplayRig(t)
	cases := r.addCases(6)
	if n := len(r.oldJira.Issues()); n != len(cases) {
		t.Fatalf("%d issues", n)
	}
	// It stays open.
	if _, err := r.kibana.Reopen(cases[0].ID); err != nil {
		t.Fatal(err)
	}
	before := r.writes()
	for range 2 {
		got := r.replay(exitDone, "--from-seq", "1")
		if got.Events != 9 || got.Cases != 6 || got.Queued != 6 || got.Unchanged != 6 || got.Pushed != 0 || len(got.LeftOut) > 0 {
			t.Errorf("%+v", got)
		}
	}
	r.idle()
	if n := r.writes() - before; n != 0 {
		t.Errorf("%d requests changed something", n)
	}
	if c, _ := r.kibana.Case(cases[0].ID); c.Status != "open" {
		t.Errorf("the replay has left the case %s", c.Status)
	}
}

// The events say which cases, and not what is sent: an old one in the range,
// alone or after a newer one, brings nothing back. What changed since is sent.
func TestReplayTakesTheNewestState(t *testing.T) {
	t.Parallel()
	r := newReplayRig(t)
	cases := r.addCases(2)
	thin, snap := cases[0].ID, cases[1].ID
	renamed := func(id, title string) {
		t.Helper()
		if _, err := r.kibana.UpdateCase(id, fakekibana.CaseUpdate{Title: &title}); err != nil {
			t.Fatal(err)
		}
	}
	renamed(snap, "renamed")
	r.publish(event.Event{CaseID: snap, Case: r.snapshot(snap)})
	r.idle()
	before := r.writes()
	// 1 is the thin event; 2 and 3 are snapshots from before the new title.
	if got := r.replay(exitDone, "--from-seq", "2", "--to-seq", "3"); got.Unchanged != 1 || got.Events != 2 {
		t.Errorf("old snapshots: %+v", got)
	}
	if n := r.writes() - before; n != 0 {
		t.Errorf("old snapshots: %d writes", n)
	}
	renamed(thin, "renamed too")
	if got := r.replay(exitDone, "--case", thin); got.Pushed != 1 {
		t.Errorf("a case that changed: %+v", got)
	}
	titles := []string{}
	for _, i := range r.oldJira.Issues() {
		titles = append(titles, i.Text("summary"))
	}
	slices.Sort(titles)
	if !slices.Equal(titles, []string{"renamed", "renamed too"}) {
		t.Errorf("issues %q", titles)
	}
}

func TestReplayOfADeletedIncident(t *testing.T) {
	t.Parallel()
	r := newReplayRig(t)
	r.addCases(4)
	gone := r.oldJira.Issues()[1]
	r.oldJira.Delete(gone.Key)
	got := r.replay(exitPartly, "--since", "1h")
	if got.Unchanged != 3 || got.DeadLettered != 1 || len(got.DeadLetters) != 1 || got.DeadLetters[0].Reason != "incident_missing" {
		t.Errorf("%+v", got)
	}
	if n := len(r.oldJira.Issues()); n != 3 {
		t.Errorf("%d issues: the deleted one was made again", n)
	}
}

// A replay brings the incident about that a push could not, and leaves the rest
// of that push, closing the case, to a redrive of its dead letter.
func TestReplayDoesNotClose(t *testing.T) {
	t.Parallel()
	r := newReplayRig(t)
	if _, err := r.oldJira.Faults().Add(fakes.Rule{Method: "POST", Status: 400, Times: 1}); err != nil {
		t.Fatal(err)
	}
	c := r.addCases(1)[0]
	if got := r.replay(exitDone, "--case", c.ID); got.Pushed != 1 || len(r.oldJira.Issues()) != 1 {
		t.Errorf("%+v, %d issues", got, len(r.oldJira.Issues()))
	}
	if now, _ := r.kibana.Case(c.ID); now.Status != "open" {
		t.Errorf("the replay has left the case %s", now.Status)
	}
	if code, stdout, stderr := r.command(t.Context(), "dlq", "redrive", "--all", "-c", r.config); code != exitDone || !strings.Contains(stdout, "redriven") {
		t.Errorf("redrive: exit code %d, %s%s", code, stdout, stderr)
	}
	r.eventually("the close", func() bool {
		now, _ := r.kibana.Case(c.ID)
		return now.Status == kibana.StatusClosed
	})
	if n := len(r.oldJira.Issues()); n != 1 {
		t.Errorf("%d issues", n)
	}
}

// A second tracker gets every case once, however often it is asked for, and
// the first one notices nothing.
func TestReplayToAnotherConnector(t *testing.T) {
	t.Parallel()
	r := newReplayRig(t)
	cases := r.addCases(4)
	first, closes := len(r.oldJira.Journal().Requests()), len(r.kibana.Journal().Writes())
	for i := range 2 {
		got := r.replay(exitDone, "--from-seq", "1", "--connector", "old-jira", "--to", "new-jira")
		if want := []int{4, 0}[i]; got.Pushed != want || got.Unchanged != 4-want {
			t.Errorf("run %d: %+v", i, got)
		}
	}
	r.wantOnce(cases)
	if n := len(r.oldJira.Journal().Requests()) - first; n != 0 {
		t.Errorf("%d requests to the first tracker", n)
	}
	if n := len(r.kibana.Journal().Writes()) - closes; n != 0 {
		t.Errorf("%d requests changed a case", n)
	}
}

// wantOnce checks that the other tracker has each case and its comment once.
func (r *replayRig) wantOnce(cases []kibana.Case) {
	r.t.Helper()
	have := map[string]int{}
	for _, i := range r.other.Issues() {
		have[i.Text("summary")]++
		if len(i.Comments) != 1 {
			r.t.Errorf("%s has %d comments", i.Key, len(i.Comments))
		}
	}
	for _, c := range cases {
		if have[c.Title] != 1 {
			r.t.Errorf("%q: %d issues", c.Title, have[c.Title])
		}
	}
	if len(have) != len(cases) {
		r.t.Errorf("%v", have)
	}
}

var resumeLine = regexp.MustCompile(`(?m)^hint: to go on: casepush (.*)$`)

// Interrupted again and again, and resumed as it says, a replay covers every
// case, queues none twice, and makes each incident once.
func TestReplayInterruptedAndResumed(t *testing.T) {
	t.Parallel()
	r := newReplayRig(t)
	cases := r.addCases(7)
	words := []string{"replay", "--config=" + r.config, "--from-seq", "1", "--to", "new-jira", "--rate=10"}
	queued, runs := 0, 0
	for more := true; more; runs++ {
		ctx, interrupt := context.WithCancel(t.Context())
		goal, over := len(r.other.Issues())+2, make(chan struct{})
		go func() {
			defer close(over)
			r.eventually("two more incidents", func() bool { return ctx.Err() != nil || len(r.other.Issues()) >= min(goal, len(cases)) })
			interrupt()
		}()
		code, stdout, stderr := r.command(ctx, append(slices.Clone(words), "--yes", "-o", "json")...)
		interrupt()
		<-over
		var got tally
		if err := json.Unmarshal([]byte(stdout), &got); err != nil {
			t.Fatalf("%v: %s%s", err, stdout, stderr)
		}
		queued += got.Queued
		again := resumeLine.FindStringSubmatch(stderr)
		if more = again != nil; !more {
			if code != exitDone || got.Resume != "" {
				t.Fatalf("exit code %d\n%s", code, stderr)
			}
			break
		}
		if want := fmt.Sprintf("interrupted with %d of %d jobs queued", got.Queued, got.Cases); code != exitFailed || !strings.Contains(stderr, want) || got.Resume != "casepush "+again[1] {
			t.Fatalf("exit code %d, resume with %q\n%s", code, got.Resume, stderr)
		}
		words = strings.Fields(again[1])
		r.publish(event.Event{CaseID: cases[0].ID}) // what comes meanwhile is not for this replay
	}
	r.idle()
	if queued != len(cases) || runs < 2 {
		t.Errorf("%d jobs for %d cases in %d runs", queued, len(cases), runs+1)
	}
	r.wantOnce(cases)
}

func TestReadAnswer(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{"y\n": "y", " YES \n": "yes", "\n": "", "n": "n"} {
		if got, _ := readAnswer(t.Context(), strings.NewReader(answer)); got != want {
			t.Errorf("%q is %q", answer, got)
		}
	}
	ctx, interrupt := context.WithCancel(t.Context())
	in, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer writer.Close()
	interrupt()
	if got, err := readAnswer(ctx, in); err == nil {
		t.Errorf("%q after an interrupt", got)
	}
}

func TestParseWhen(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2026-11-23T10:00:00Z": "2026-11-23T10:00:00Z", "2026-11-23T10:00:00.5+02:00": "2026-11-23T08:00:00Z", "90m": "2026-11-23T10:30:00Z",
		"2h": "2026-11-23T10:00:00Z", "3d": "2026-11-20T12:00:00Z", "1w1d1h30m": "2026-11-15T10:30:00Z", "0s": "2026-11-23T12:00:00Z", "1.5h": "2026-11-23T10:30:00Z",
	} {
		if at, ok := parseWhen(text, now); !ok || timeText(at) != want {
			t.Errorf("%q is %s, %t; want %s", text, timeText(at), ok, want)
		}
	}
	for _, text := range []string{"", "yesterday", "-2h", "+2h", "3", "2026-11-23", "1d-2h", "d", "1d1w", "99999999d", "1y"} {
		if at, ok := parseWhen(text, now); ok {
			t.Errorf("%q is %s", text, at)
		}
	}
}

func TestBar(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := &bar{out: &out}
	b.update("reading", 1, 3)
	b.update("reading", 3, 3)
	b.update("queueing", 1, 4)
	b.end()
	for _, want := range []string{"reading", "queueing", "1/3", "1/4"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %q", want, out.String())
		}
	}
	(&app{err: &out}).newBar().update("x", 1, 2) // no terminal: nothing happens
}
