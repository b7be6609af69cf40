package ops

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/casepush/casepush/internal/gate"
	"github.com/casepush/casepush/internal/stream"
)

// KibanaQueue is what people call the queue of the events that wait for Kibana
// to tell their connector. If a connector has that id, it is called
// "kibana (events)".
const KibanaQueue = "kibana"

// KnownConnector is a connector of the configuration.
type KnownConnector struct{ ID, Name, Type string }

// Queue is a connector's queue, and what is known of its tracker.
type Queue struct {
	ID string `json:"id"` // what people call it
	// ConnectorID is empty of KibanaQueue.
	ConnectorID string `json:"connector_id"`
	Type        string `json:"type,omitempty"`
	Name        string `json:"name,omitempty"`
	// Unknown: no connector of the configuration has this id.
	Unknown bool       `json:"unknown,omitempty"`
	State   gate.State `json:"state"`

	Pause *gate.Pause `json:"pause,omitempty"` // its own
	// PauseOfAll is that of all queues.
	PauseOfAll *gate.Pause `json:"pause_of_all,omitempty"`
	Hold       *gate.Hold  `json:"hold,omitempty"` // on, or waiting for the push that proves it over

	Jobs    uint64 `json:"jobs"`             // on the queue, those being worked on included
	Retries uint64 `json:"retries"`          // that wait for their time
	Worker  string `json:"worker,omitempty"` // that has the queue now; "" is none
}

// Queues is how all queues stand at one moment.
type Queues struct {
	Pause *gate.Pause // of all queues, those of connectors to come included; nil is none
	List  []Queue     // by id, KibanaQueue last
}

// ErrNoQueue: neither the configuration nor a queue knows such a connector.
var ErrNoQueue = errors.New("no such connector")

// Queues gives the queues of the known connectors, of all others of which
// anything is stored, and of the events that wait for Kibana.
func (o *Ops) Queues(ctx context.Context, known []KnownConnector) (Queues, error) {
	ctx, done := context.WithCancel(ctx) // ends the board's watch
	defer done()
	sizes, err := o.conn.QueueSizes(ctx)
	if err != nil {
		return Queues{}, err
	}
	board, err := o.conn.Board(ctx)
	if err != nil {
		return Queues{}, err
	}
	// Nobody can pause the upkeep by itself, so its pause is that of all.
	all, _ := board.Notes(stream.Upkeep)
	notes := map[string]stream.Notes{}
	board.Each(func(id string, n stream.Notes) { notes[id] = n })

	byID := map[string]Queue{"": {ID: KibanaQueue, Name: "events that wait for Kibana"}}
	for _, k := range known {
		byID[k.ID] = Queue{ID: k.ID, ConnectorID: k.ID, Type: k.Type, Name: k.Name}
	}
	for id := range maps.Keys(sizes) {
		addUnknown(byID, id)
	}
	for id, n := range notes {
		if n.Pause != nil || n.Hold.Reason != "" || n.Owner != "" {
			addUnknown(byID, id)
		}
	}
	return newQueues(byID, notes, sizes, all.Pause), nil
}

func addUnknown(byID map[string]Queue, id string) {
	if _, ok := byID[id]; !ok {
		byID[id] = Queue{ID: id, ConnectorID: id, Unknown: true}
	}
}

func newQueues(byID map[string]Queue, notes map[string]stream.Notes, sizes map[string]stream.QueueSize, all *gate.Pause) Queues {
	queues, now := Queues{Pause: all}, time.Now()
	_, taken := byID[KibanaQueue]
	for id, q := range byID {
		if id == "" && taken {
			q.ID = KibanaQueue + " (events)"
		}
		n := notes[id]
		q.Pause, q.PauseOfAll, q.Worker = n.Pause, all, n.Owner
		if n.Hold.Reason != "" {
			q.Hold = &n.Hold
		}
		q.Jobs, q.Retries = sizes[id].Jobs, sizes[id].Retries
		q.State = q.state(now)
		queues.List = append(queues.List, q)
	}
	slices.SortFunc(queues.List, func(a, b Queue) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.ID, b.ID))
	})
	return queues
}

// rank puts the queue of events behind those of connectors.
func rank(q Queue) int {
	if q.ConnectorID == "" {
		return 1
	}
	return 0
}

func (q Queue) state(now time.Time) gate.State {
	var hold gate.Hold
	if q.Hold != nil {
		hold = *q.Hold
	}
	return gate.StateOf(cmp.Or(q.Pause, q.PauseOfAll), hold, now)
}

// WithoutPauseOfAll is how the queue stands when the pause of all is over.
func (q Queue) WithoutPauseOfAll() Queue {
	q.PauseOfAll = nil
	q.State = q.state(time.Now())
	return q
}

// Find gives the queue that people call so. The error wraps ErrNoQueue.
func (qs Queues) Find(id string) (Queue, error) {
	for _, q := range qs.List {
		if q.ID == id {
			return q, nil
		}
	}
	return Queue{}, fmt.Errorf("%w: %q", ErrNoQueue, id)
}
