//go:build linux

package bench

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	space       = "default"
	connectorID = "soc-jira"
	// caseMark stands before the number in every case id, noteMark in every
	// comment, so that the tracker knows what a request is about.
	caseMark = "4de3-b8bb-"
	noteMark = "note no. "
	// poison in a title makes the tracker refuse the case.
	poison = "poisoned"
)

func caseID(number int) string { return fmt.Sprintf("7349772f-421a-%s%012d", caseMark, number) }

// event is one event to be published.
type event struct {
	number    int
	connector string // "" is connectorID
	comments  int
	title     string // "" is a plain one
	updates   int    // how often the case was changed before
}

// created is in the future: a case that is older than the ledger would be
// searched at the tracker first, which is the rule on the first day alone.
var created = time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)

const description = "Endpoint Security raised an alert for a process that read the memory of lsass.exe on host WIN-HMS-0042. " +
	"The parent was a document opened from a mail; the user says that it came from a supplier. The host was isolated at 09:12 and a memory image " +
	"was taken. Please check whether the same attachment reached other mailboxes, rotate the credentials of the user and of the service account, " +
	"and tell the owner of the host before it is put back on the network."

// body is the event with a snapshot, as Kibana has it.
func (e event) body() ([]byte, error) {
	connector := e.connector
	if connector == "" {
		connector = connectorID
	}
	user := map[string]any{"username": "ann", "full_name": "Ann Alyst", "email": "ann@hms.example"}
	comments := make([]any, e.comments)
	for i := range comments {
		comments[i] = map[string]any{
			"id": fmt.Sprintf("c%03d-%012d", i, e.number), "version": "WzEsMV0=", "type": "user", "owner": "securitySolution",
			"comment":    fmt.Sprintf("%s%d of case %d: %s", noteMark, i, e.number, description[:180]),
			"created_at": created.Add(time.Duration(i) * time.Second), "created_by": user, "updated_at": nil, "updated_by": nil, "pushed_at": nil, "pushed_by": nil,
		}
	}
	title := e.title
	if title == "" {
		title = fmt.Sprintf("Credential access on WIN-HMS-%04d", e.number)
	}
	return json.Marshal(map[string]any{
		"case_id": caseID(e.number), "space_id": space, "owner": "securitySolution",
		"requested_at": created, "requested_by": user,
		"case": map[string]any{
			"id": caseID(e.number), "version": fmt.Sprintf("WzQ3LDFd%d", e.updates), "owner": "securitySolution", "title": title, "description": description,
			"tags": []string{"credential access", "windows", "tier-2"}, "status": "open", "severity": "high", "category": nil, "duration": nil,
			"assignees": []any{}, "settings": map[string]any{"syncAlerts": true}, "totalAlerts": 0, "totalComment": e.comments,
			"connector": map[string]any{
				"id": connector, "name": "SOC Jira", "type": ".jira",
				"fields": map[string]any{"issueType": "10003", "priority": "High", "parent": nil, "otherFields": nil},
			},
			"external_service": nil, "created_at": created, "created_by": user, "closed_at": nil, "closed_by": nil,
			"updated_at": created.Add(time.Duration(e.updates) * time.Second), "updated_by": user, "comments": comments,
		},
	})
}

// message is the event as a producer publishes it.
func (e event) message() (*nats.Msg, error) {
	body, err := e.body()
	if err != nil {
		return nil, err
	}
	msg := nats.NewMsg("casepush.push." + space + "." + caseID(e.number))
	msg.Data = body
	msg.Header.Set(nats.MsgIdHdr, fmt.Sprintf("%d-%d-%s", e.number, e.updates, e.connector))
	return msg, nil
}

// publishAll puts events on the stream as fast as it takes them.
func publishAll(t testing.TB, js jetstream.JetStream, events []event) {
	t.Helper()
	acks := make([]jetstream.PubAckFuture, 0, len(events))
	for _, e := range events {
		msg, err := e.message()
		if err != nil {
			t.Fatal(err)
		}
		acks = append(acks, publish(t, js, msg))
	}
	await(t, acks)
}

// publish waits for room, however long other work keeps the server from
// making it.
func publish(t testing.TB, js jetstream.JetStream, msg *nats.Msg) jetstream.PubAckFuture {
	t.Helper()
	ack, err := js.PublishMsgAsync(msg, jetstream.WithStallWait(waitTimeout))
	if err != nil {
		t.Fatal(err)
	}
	return ack
}

// await waits until everything is stored.
func await(t testing.TB, acks []jetstream.PubAckFuture) {
	t.Helper()
	for _, ack := range acks {
		select {
		case <-ack.Ok():
		case err := <-ack.Err():
			t.Fatal(err)
		}
	}
}

// published is when each event was published, by the number of its case, in
// nanoseconds since 1970.
type published map[int]int64

// publishAt publishes perSecond events a second. During the event number at of
// them, burst are published at once.
func publishAt(t testing.TB, js jetstream.JetStream, events []event, perSecond, at int, burst []event) published {
	t.Helper()
	times := make(published, len(events))
	pace := time.NewTicker(time.Second / time.Duration(perSecond))
	defer pace.Stop()
	for i, e := range events {
		msg, err := e.message()
		if err != nil {
			t.Fatal(err)
		}
		if i == at {
			publishAll(t, js, burst)
		}
		<-pace.C
		times[e.number] = time.Now().UnixNano()
		publish(t, js, msg)
	}
	return times
}

// distinct are events of so many cases, one each, numbered from first on.
func distinct(first, cases, comments int) []event {
	events := make([]event, cases)
	for i := range events {
		events[i] = event{number: first + i, comments: comments}
	}
	return events
}

func TestEventHasMarks(t *testing.T) {
	t.Parallel()
	body, err := event{number: 12, comments: 2}.body()
	if err != nil {
		t.Fatal(err)
	}
	if n := numberAfter(body, caseMark); n != 12 {
		t.Errorf("case number %d, want 12", n)
	}
	if n := strings.Count(string(body), noteMark); n != 2 {
		t.Errorf("%d notes, want 2", n)
	}
}
