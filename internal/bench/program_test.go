//go:build linux

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// program is one of those that the worker is compared with.
type program struct {
	spec
	js    jetstream.JetStream
	http  *http.Client
	noise []byte
}

func newProgram(s spec, client *http.Client) (*program, error) {
	nc, err := nats.Connect(s.NATS)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	return &program{spec: s, js: js, http: client, noise: noise()}, nil
}

// kept has a connection for each push in flight.
func kept(flight int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: flight}}
}

// runNaive is what one writes first: an event, its requests, the
// acknowledgement; the default client, and no record of anything.
func runNaive(ctx context.Context, s spec) error {
	p, err := newProgram(s, &http.Client{})
	if err != nil {
		return err
	}
	return p.consume(ctx, eventStream, naiveConsumer, ">", p.requests)
}

// runBare is the same with kept connections: the limit of any worker.
func runBare(ctx context.Context, s spec) error {
	p, err := newProgram(s, kept(s.Flight))
	if err != nil {
		return err
	}
	return p.consume(ctx, eventStream, naiveConsumer, ">", p.requests)
}

const (
	eventStream      = "CASEPUSH_EVENTS"
	workStream       = "CASEPUSH_WORK"
	resultStream     = "CASEPUSH_RESULTS"
	deadLetterStream = "CASEPUSH_DLQ"
	naiveConsumer    = "bench"
)

// requests sends an event's create and comments.
func (p *program) requests(ctx context.Context, m jetstream.Msg) error {
	_, err := p.send(ctx, m.Data())
	return err
}

// snapshot is what the requests are made of, and nothing else.
type snapshot struct {
	CaseID string `json:"case_id"`
	Case   struct {
		Title       string   `json:"title"`
		Description string   `json:"description"`
		Tags        []string `json:"tags"`
		Comments    []struct {
			ID   string `json:"id"`
			Text string `json:"comment"`
		} `json:"comments"`
	} `json:"case"`
}

type fields struct {
	Summary     string            `json:"summary"`
	Project     map[string]string `json:"project"`
	IssueType   map[string]string `json:"issuetype"`
	Description string            `json:"description"`
	Labels      []string          `json:"labels"`
	Priority    map[string]string `json:"priority"`
}

// send makes the issue of a snapshot with its comments and returns its id.
func (p *program) send(ctx context.Context, event []byte) (string, error) {
	var s snapshot
	if err := json.Unmarshal(event, &s); err != nil {
		return "", err
	}
	var issue struct {
		ID string `json:"id"`
	}
	f := fields{
		Summary: s.Case.Title, Project: map[string]string{"key": "HMS"}, IssueType: map[string]string{"id": "10003"},
		Description: s.Case.Description, Labels: append(s.Case.Tags, "casepush-"+s.CaseID), Priority: map[string]string{"name": "High"},
	}
	if err := p.post(ctx, "issue", map[string]any{"fields": f}, &issue); err != nil {
		return "", err
	}
	for _, c := range s.Case.Comments {
		mark := []any{map[string]any{"key": "casepush", "value": map[string]string{"id": c.ID}}}
		if err := p.post(ctx, "issue/"+issue.ID+"/comment", map[string]any{"body": c.Text, "properties": mark}, nil); err != nil {
			return "", err
		}
	}
	return issue.ID, nil
}

func (p *program) post(ctx context.Context, path string, body, into any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Tracker+apiPath+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth("admin@hms.example", "token")
	resp, err := p.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("%s: %s %s", path, resp.Status, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// consume gives the messages of a stream to f, as many at once as the spec
// says, and acknowledges those that f takes.
func (p *program) consume(ctx context.Context, stream, durable, filter string, f func(context.Context, jetstream.Msg) error) error {
	cons, err := p.js.CreateOrUpdateConsumer(ctx, stream, jetstream.ConsumerConfig{
		Durable: durable, FilterSubject: filter, AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 4096,
	})
	if err != nil {
		return err
	}
	// The short heartbeat as in casepush: without it a program may stand still
	// for half a minute.
	messages, err := cons.Messages(jetstream.PullMaxMessages(p.Flight), jetstream.PullHeartbeat(time.Second))
	if err != nil {
		return err
	}
	defer messages.Stop()
	fmt.Fprintf(os.Stdout, "%s: ready\n", stream)
	var running sync.WaitGroup
	for range p.Flight {
		running.Go(func() {
			for {
				m, err := messages.Next(jetstream.NextContext(ctx))
				if err != nil {
					return // ctx is done
				}
				if err := f(ctx, m); err != nil {
					fmt.Fprintln(os.Stderr, err)
					continue // it comes again
				}
				_ = m.Ack()
			}
		})
	}
	running.Wait()
	return nil
}
