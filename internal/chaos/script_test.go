package chaos

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/fakes/faketracker"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ledger"
)

// subject is one case and what its incident must be in the end.
type subject struct {
	id                 string
	connector          kibana.CaseConnector
	kind               faketracker.Kind
	title, description string
	comments           []string // texts in order
	steps              int      // done so far
	// held is a snapshot that is published only after the next event: queues
	// and producers do not keep order.
	held *message
}

// key is that of its entry.
func (c *subject) key() ledger.Key {
	return ledger.Key{Connector: c.connector.ID, Space: space, Case: c.id}
}

// stepsPerCase: the case is made, then edited and commented on while its
// earlier events are worked on.
const stepsPerCase = 5

// commentsPerCase is how many of the steps add one.
const commentsPerCase = 3

// story is what analysts do, in the order in which they do it.
type story struct {
	kibana *fakekibana.Fake
	rng    *rand.Rand
	cases  []*subject
	order  []int // a case's index for each step
}

// newStory spreads the cases over the rig's trackers.
func newStory(r *rig, cases int) *story {
	s := &story{kibana: r.kibana, rng: rand.New(rand.NewPCG(r.seed, 1))}
	for i := range cases {
		tr := r.trackers[i%len(r.trackers)]
		s.cases = append(s.cases, &subject{id: fmt.Sprintf("case-%04d", i), connector: tr.caseConnector(), kind: tr.kind})
		for range stepsPerCase {
			s.order = append(s.order, i)
		}
	}
	s.rng.Shuffle(len(s.order), func(i, j int) { s.order[i], s.order[j] = s.order[j], s.order[i] })
	return s
}

// next does the next step and returns the events to publish now, in order.
func (s *story) next() ([]message, error) {
	c := s.cases[s.order[0]]
	s.order = s.order[1:]
	if err := s.step(c); err != nil {
		return nil, err
	}
	c.steps++
	m, err := s.message(c)
	if err != nil {
		return nil, err
	}
	late := c.held
	c.held = nil
	if !m.thin && c.steps < stepsPerCase && s.rng.IntN(5) == 0 {
		c.held = &m
		if late == nil {
			return nil, nil
		}
		return []message{*late}, nil
	}
	if late == nil {
		return []message{m}, nil
	}
	return []message{m, *late}, nil
}

// step changes the case as a person does in Kibana.
func (s *story) step(c *subject) error {
	switch c.steps {
	case 0:
		c.title, c.description = c.id+" v1", "What happened in "+c.id+", version 1"
		_, err := s.kibana.AddCase(space, kibana.Case{
			ID: c.id, Owner: owner, Title: c.title, Description: c.description, Tags: []string{"chaos", "two words"},
			Connector: c.connector, CreatedBy: &kibana.User{Username: "ann", FullName: analystName},
		})
		if err != nil {
			return err
		}
		return s.attachAlerts(c)
	case 2:
		c.title, c.description = c.id+" v2", "What happened in "+c.id+", version 2"
		return s.edit(c)
	case 4:
		c.title = c.id + " v3"
		if err := s.edit(c); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("%s: comment %d of %d", c.id, len(c.comments)+1, commentsPerCase)
	c.comments = append(c.comments, text)
	_, err := s.kibana.AddComment(c.id, kibana.Comment{Text: text})
	return err
}

// attachAlerts attaches those of the kind of tracker.
func (s *story) attachAlerts(c *subject) error {
	for i, alert := range c.kind.Alerts {
		id := fmt.Sprintf("%s-alert-%d", c.id, i+1)
		s.kibana.AddAlert(space, id, alert)
		if _, err := s.kibana.AddComment(c.id, kibana.Comment{Type: "alert", AlertID: kibana.StringList{id}}); err != nil {
			return err
		}
	}
	return nil
}

// texts are the comments that the incident must have: the case's, in order, and
// the number of alerts.
func (c *subject) texts() []string {
	var list []string
	for _, text := range c.comments {
		list = append(list, text+footer)
	}
	if n := len(c.kind.Alerts); n > 0 {
		list = append(list, fmt.Sprintf("Elastic Alerts attached to the case: %d\n\nFor more details, view the alerts in Kibana\nAlerts URL: %s/app/security/cases/%s/?tabId=alerts", n, publicURL, c.id))
	}
	return list
}

// edit changes the case and, half of the time, opens it again if a push has
// closed it: the next push closes it once more.
func (s *story) edit(c *subject) error {
	update := fakekibana.CaseUpdate{Title: &c.title, Description: &c.description}
	if s.rng.IntN(2) == 0 {
		open := "open"
		update.Status = &open
	}
	_, err := s.kibana.UpdateCase(c.id, update)
	return err
}

// message is one event.
type message struct {
	caseID string
	thin   bool
	body   []byte
	seq    uint64 // once it is published
}

// message makes the event of the case as it is now, thin half of the time.
func (s *story) message(c *subject) (message, error) {
	if s.rng.IntN(2) == 0 {
		return thin(c.id)
	}
	return snapshot(s.kibana, c.id)
}

func thin(id string) (message, error) {
	b, err := json.Marshal(map[string]any{"case_id": id, "owner": owner, "requested_at": time.Now().UTC()})
	return message{caseID: id, thin: true, body: b}, err
}

func snapshot(k *fakekibana.Fake, id string) (message, error) {
	c, ok := k.Case(id)
	if !ok {
		return message{}, fmt.Errorf("case %q: not in the fake Kibana", id)
	}
	b, err := json.Marshal(map[string]any{"case_id": id, "space_id": space, "case": c})
	return message{caseID: id, body: b}, err
}
