package jira

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// status is where an issue stands in its workflow.
type status struct {
	Name     string `json:"name"`
	Category struct {
		Key string `json:"key"` // new, indeterminate or done, whatever the names
	} `json:"statusCategory"`
}

func (s status) done() bool { return s.Category.Key == "done" }

// transition is a way that an issue can go from its status.
type transition struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	To   status `json:"to"`
}

// closeDuplicate moves the issue by the configured transition, unless it is
// done: by an earlier call, or by a person.
func (j *jira) closeDuplicate(ctx context.Context, issue issueState) error {
	const op = "close duplicate"
	name := j.settings.duplicateTransition
	if name == "" || issue.Fields.Status.done() {
		return nil
	}
	offered, err := j.transitions(ctx, op, issue)
	if err != nil {
		return err
	}
	chosen, err := choose(offered, name)
	if err != nil {
		return connector.Unsendable(op, fmt.Errorf("issue %q, status %q: delivery.duplicate_transition %q: %w", issue.Key, issue.Fields.Status.Name, name, err))
	}
	body, err := wire.Marshal(map[string]map[string]string{"transition": {"id": chosen.ID}})
	if err != nil {
		return connector.Unsendable(op, err)
	}
	return j.change(ctx, issue, call{op: op, method: http.MethodPost, path: "issue", parts: []string{issue.ID}, suffix: "/transitions", body: body})
}

// choose returns the transition of that name. One that does not end the work
// is refused: the next call could not tell that it was made already.
func choose(offered []transition, name string) (transition, error) {
	var names []string
	for _, t := range offered {
		if !strings.EqualFold(t.Name, name) {
			names = append(names, t.Name)
			continue
		}
		if !t.To.done() {
			return t, fmt.Errorf("leads to %q, whose category is not Done", t.To.Name)
		}
		return t, nil
	}
	return transition{}, fmt.Errorf("is not offered; there are %q", names)
}

func (j *jira) transitions(ctx context.Context, op string, issue issueState) ([]transition, error) {
	body, err := j.send(ctx, call{op: op, method: http.MethodGet, reads: true, path: "issue", parts: []string{issue.ID}, suffix: "/transitions"})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Transitions []transition `json:"transitions"`
	}
	err = wire.Decode(body, &answer)
	if err == nil && answer.Transitions == nil {
		err = errors.New(`key "transitions": missing`)
	}
	if err != nil {
		return nil, connector.BadAnswer(op, err)
	}
	return answer.Transitions, nil
}
