package worker_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

// A thin event promises the state at its time. A snapshot from before, which a
// slower producer publishes after it, must not be taken for the newest state.
func TestOlderSnapshotAfterThinEvent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.addCase(kibana.Case{Title: "Suspicious login"})
	older, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.kibana.AddComment(c.ID, kibana.Comment{Text: "only the thin event knows"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.conn.Publish(t.Context(), event.Event{CaseID: c.ID, SpaceID: "default"}); err != nil {
		t.Fatal(err)
	}
	seq, _, err := r.conn.Publish(t.Context(), event.Event{CaseID: c.ID, SpaceID: "default", Case: older})
	if err != nil {
		t.Fatal(err)
	}
	l, err := r.conn.Listen("default", c.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r.start()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	res, err := l.Next(ctx, seq)
	if err != nil {
		t.Fatal(err)
	}
	if res.Outcome != push.Pushed {
		t.Errorf("result: %+v", res)
	}
	if issues := r.jira.Issues(); len(issues) != 1 || len(issues[0].Comments) != 1 {
		t.Errorf("issues: %+v", issues)
	}
}

// The answer to a close is lost, and by the time that the worker finds out that
// it has closed the case, an analyst has opened it again. The event that comes
// with the reopening is newer than the close, whenever it was recorded.
func TestReopenedBeforeCloseIsRecorded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.addCase(kibana.Case{Title: "Suspicious login"})
	if _, err := r.kibana.Faults().Add(fakes.Rule{Method: "PATCH", DropAnswer: true, Times: 1}); err != nil {
		t.Fatal(err)
	}
	l, err := r.conn.Listen("default", c.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	seq, _, err := r.conn.Publish(ctx, event.Event{CaseID: c.ID, SpaceID: "default"})
	if err != nil {
		t.Fatal(err)
	}
	r.start()
	eventually(t, "a close that nobody heard of", func() bool {
		now, _ := r.kibana.Case(c.ID)
		return now.Status == "closed"
	})
	// A close on the same millisecond would not be older.
	<-time.After(2 * time.Millisecond)
	reopened, err := r.kibana.Reopen(c.ID)
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := json.Marshal(reopened)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := l.Next(ctx, seq); err != nil || !res.Closed {
		t.Fatalf("first result: %+v, %v", res, err)
	}
	if res := r.push(event.Event{CaseID: c.ID, Case: snapshot}); !res.Closed {
		t.Errorf("second result: %+v", res)
	}
	if now, _ := r.kibana.Case(c.ID); now.Status != "closed" {
		t.Errorf("the case is %s", now.Status)
	}
}

// After a restart the worker does not know yet whom Kibana takes it for. The
// footer of a description that was edited before our last close must not name us.
func TestFooterAfterRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	c := r.addCase(kibana.Case{Title: "Suspicious login", Description: "before"})
	older, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	edited := "after"
	if _, err := r.kibana.UpdateCase(c.ID, fakekibana.CaseUpdate{Description: &edited}); err != nil {
		t.Fatal(err)
	}
	// A snapshot from before the edit is pushed, and the case closed, after it.
	if res := r.push(event.Event{CaseID: c.ID, Case: older}); !res.Closed {
		t.Fatalf("result: %+v", res)
	}
	r.stop()
	r.start()
	r.push(event.Event{CaseID: c.ID})
	issues := r.jira.Issues()
	if len(issues) != 1 {
		t.Fatalf("issues: %+v", issues)
	}
	if text := issues[0].Text("description"); !strings.HasPrefix(text, "after\n\nAdded by Ann Alyst.") {
		t.Errorf("description %q", text)
	}
}
