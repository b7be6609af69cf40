package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// play is a sample while it happens.
type play struct {
	demo *Demo
	sample
	caseID  string
	results []push.Result // one per event
	failed  error         // a step that could not be done
}

// step is one thing that happens to a case.
type step func(context.Context, *play) error

// pushIt publishes an event and waits for its outcome.
func pushIt(e event.Event) step {
	return func(ctx context.Context, p *play) error {
		e.CaseID = p.caseID
		r, err := p.demo.Push(ctx, e)
		if err != nil {
			return err
		}
		p.results = append(p.results, r)
		return nil
	}
}

// writesNothing fails if the step changes anything at a tracker that nobody
// else uses meanwhile.
func writesNothing(connectorID string, do step) step {
	return func(ctx context.Context, p *play) error {
		journal := p.demo.tracker(connectorID).jira.Journal()
		before := len(journal.Writes())
		if err := do(ctx, p); err != nil {
			return err
		}
		if n := len(journal.Writes()) - before; n != 0 {
			return fmt.Errorf("%d writing requests, expected none", n)
		}
		return nil
	}
}

func changeTexts(title, description string) step {
	return func(_ context.Context, p *play) error {
		_, err := p.demo.kibana.UpdateCase(p.caseID, fakekibana.CaseUpdate{Title: &title, Description: &description})
		return err
	}
}

func addComment(text string) step {
	return func(_ context.Context, p *play) error {
		_, err := p.demo.kibana.AddComment(p.caseID, kibana.Comment{Text: text})
		return err
	}
}

func editComment(id, text string) step {
	return func(_ context.Context, p *play) error {
		_, err := p.demo.kibana.EditComment(p.caseID, id, text)
		return err
	}
}

// down lets a tracker answer so many requests with 503.
func down(connectorID string, times int) step {
	return func(_ context.Context, p *play) error {
		_, err := p.demo.tracker(connectorID).jira.Faults().Add(fakes.Rule{
			Status: http.StatusServiceUnavailable, Body: "<html>down for maintenance</html>", Times: times,
		})
		return err
	}
}

// loseAnswer lets a tracker make the next issue without saying so.
func loseAnswer(connectorID string) step {
	return func(_ context.Context, p *play) error {
		_, err := p.demo.tracker(connectorID).jira.Faults().Add(fakes.Rule{
			Method: http.MethodPost, Path: "/rest/api/2/issue", DropAnswer: true, Times: 1,
		})
		return err
	}
}

// pushAsKibana makes the incident and leaves in the case what Kibana's own
// push leaves.
func pushAsKibana(connectorID string) step {
	return func(ctx context.Context, p *play) error {
		t := p.demo.tracker(connectorID)
		url := p.demo.fakes.URL(t.name)
		var made struct{ ID, Key string }
		if err := post(ctx, url+"/rest/api/2/issue", map[string]any{"fields": map[string]any{
			"project": map[string]string{"key": t.project}, "issuetype": map[string]string{"id": "10001"},
			"summary": p.in.Title, "description": p.in.Description,
		}}, &made); err != nil {
			return err
		}
		for _, c := range p.in.Comments {
			if err := post(ctx, url+"/rest/api/2/issue/"+made.ID+"/comment", map[string]string{"body": c.Text}, &struct{}{}); err != nil {
				return err
			}
		}
		_, err := p.demo.kibana.RecordPush(p.caseID, kibana.ExternalService{
			ConnectorID: connectorID, ConnectorName: connectorID, ExternalID: made.ID, ExternalTitle: made.Key, ExternalURL: url + "/browse/" + made.Key,
		})
		return err
	}
}

// post sends JSON to a fake and reads its answer, of which unknown keys are ignored.
func post(ctx context.Context, url string, body, into any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	// A transport of its own: the environment's proxy is not for loopback.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("POST %s: HTTP %d", url, resp.StatusCode)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// deadLettered finds the dead letter of the case with the reason that is wanted.
func deadLettered() step {
	return func(ctx context.Context, p *play) error {
		found := errors.New("found")
		err := p.demo.conn.DeadLetters().Each(ctx, func(d stream.StoredDeadLetter) error {
			if d.CaseID == p.caseID && d.Reason == p.want.reason {
				return found
			}
			return nil
		})
		if errors.Is(err, found) {
			return nil
		}
		return errors.Join(err, fmt.Errorf("no dead letter with reason %s", p.want.reason))
	}
}

func (d *Demo) tracker(connectorID string) tracker {
	i := slices.IndexFunc(d.trackers, func(t tracker) bool { return t.connector == connectorID })
	return d.trackers[i]
}

// caseID is made of the sample's name, so that people can type it.
func (s sample) caseID() string { return "demo-" + strings.ReplaceAll(s.name, " ", "-") }
