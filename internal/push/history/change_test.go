package history

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

// must fails the history where the world itself is broken.
func must[T any](w *world) func(T, error) T {
	return func(v T, err error) T {
		if err != nil {
			w.problemf("the world is broken: %v", err)
		}
		return v
	}
}

// addCase makes the case, an hour after the ledger began: that nothing is in
// the ledger proves that nothing was tried.
func (w *world) addCase(comments ...string) {
	wait(time.Hour)
	must[kibana.Case](w)(w.kibana.AddCase(space, kibana.Case{
		ID: caseID, Owner: owner, Title: "Bad login", Description: "Somebody tried.", Tags: []string{"vpn"},
		Connector: w.caseConnector(),
	}))
	for i, alert := range w.kind.Alerts {
		id := fmt.Sprintf("alert-%d", i+1)
		w.kibana.AddAlert(space, id, alert)
		must[kibana.Comment](w)(w.kibana.AddComment(caseID, kibana.Comment{ID: "attached-" + id, Type: "alert", AlertID: kibana.StringList{id}}))
	}
	for i, text := range comments {
		w.comment(fmt.Sprintf("comment-%d", i+1), text)
	}
}

// caseConnector is what the case says of its connector.
func (w *world) caseConnector() kibana.CaseConnector {
	_, d := w.connector()
	return kibana.CaseConnector{ID: d.ID, Name: d.Name, Type: d.Type, Fields: w.kind.CaseFields}
}

func (w *world) comment(id, text string) {
	w.tick()
	w.texts[text]++
	must[kibana.Comment](w)(w.kibana.AddComment(caseID, kibana.Comment{ID: id, Text: text}))
}

func (w *world) setTitle(text string) {
	w.tick()
	must[kibana.Case](w)(w.kibana.UpdateCase(caseID, fakekibana.CaseUpdate{Title: &text}))
}

func (w *world) setDescription(text string) {
	w.tick()
	must[kibana.Case](w)(w.kibana.UpdateCase(caseID, fakekibana.CaseUpdate{Description: &text}))
}

func (w *world) edit(id, text string) {
	w.tick()
	w.texts[text]++
	must[kibana.Comment](w)(w.kibana.EditComment(caseID, id, text))
}

// change is a person's, in the middle of a push, and brings its event.
func (w *world) change(what misfortune) {
	w.changes++
	n := w.changes
	switch what {
	case replayed:
		job := w.lastJob()
		job.Kind = push.KindReplay
		w.enqueue(job)
		return
	case title:
		w.setTitle(fmt.Sprintf("Newer title %d", n))
	case added:
		w.comment(fmt.Sprintf("newer-%d", n), fmt.Sprintf("Newer comment %d.", n))
	case edited:
		c, _ := w.kibana.Case(caseID)
		i := slices.IndexFunc(c.Comments, func(c kibana.Comment) bool { return c.Type != "alert" })
		if i < 0 {
			return
		}
		w.edit(c.Comments[i].ID, fmt.Sprintf("Edited text %d.", n))
	}
	w.publish()
}

// reopen is a person's who wants the case to stay open.
func (w *world) reopen() {
	c, _ := w.kibana.Case(caseID)
	if c.Status != kibana.StatusClosed {
		return
	}
	w.tick()
	must[kibana.Case](w)(w.kibana.Reopen(caseID))
	w.reopenedAt = time.Now()
	w.tick()
}

// snapshot is the case as it is now, nil where events do not carry it.
func (w *world) snapshot() json.RawMessage {
	w.tick()
	if !w.scenario.snapshots {
		return nil
	}
	c, _ := w.kibana.Case(caseID)
	b, err := json.Marshal(c)
	return must[json.RawMessage](w)(b, err)
}

// mail stores an event of the case as it is now.
func (w *world) mail() push.Job { return w.mailOf(w.snapshot()) }

// mailOf stores an event with this snapshot.
func (w *world) mailOf(snapshot json.RawMessage) push.Job {
	e := event.Event{CaseID: caseID, SpaceID: space, Owner: owner, Case: snapshot}
	seq := uint64(len(w.mails) + 1)
	e.ID = fmt.Sprintf("event-%d", seq)
	w.mails = append(w.mails, push.Mail{Seq: seq, StoredAt: time.Now(), Event: e})
	w.eventAt = time.Now()
	return push.Job{
		Format: push.Format, Kind: push.KindPush, Connector: connectorID, Space: space, Case: caseID, Owner: owner,
		Seq: seq, Stream: stream, EventID: e.ID, StoredAt: time.Now(),
	}
}

// publish stores the event and puts its job into the queue, as the router does.
func (w *world) publish() { w.enqueue(w.mail()) }
