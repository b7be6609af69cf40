package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/secret"
	"github.com/casepush/casepush/internal/stream"
)

// PlannedRequest is one request that would change something, as it would be
// sent, without its secrets.
type PlannedRequest struct {
	Method string      `json:"method"`
	URL    string      `json:"url"`
	Header http.Header `json:"header"`
	Body   string      `json:"body,omitempty"`
}

// Planner shows what pushes would send. It reads from Kibana and the trackers,
// and sends and stores nothing. Use it for one plan at a time.
type Planner struct {
	pusher   *push.Pusher
	recorder *recorder
	router   *router
}

// NewPlanner makes a planner on the ledger and events of conn.
func NewPlanner(cfg *config.Config, types []connector.Type, conn *stream.Conn) (*Planner, error) {
	client, err := kibanaClient(cfg, nil)
	if err != nil {
		return nil, err
	}
	rec := &recorder{redact: httpclient.NewRedactor(cfg.Secrets()...)}
	connectors := NewConnectors(cfg, types, rec.client)
	rules := NewRules(cfg, client)
	o := push.Options{
		Owner: "plan", Ledger: conn.Ledger(), Mailbox: conn, Connectors: connectors, Configurations: rules,
		PublicBaseURL: cfg.Kibana.PublicBaseURL, Lease: cfg.Worker.Lease,
	}
	if client != nil {
		o.Kibana = client
	}
	return &Planner{
		pusher: push.New(o), recorder: rec,
		router: &router{conn: conn, kibana: client, connectors: connectors, rules: rules},
	}, nil
}

// ErrNoConnector: neither the event, the case nor the configuration names one.
var ErrNoConnector = errors.New("no connector: neither the event, the case nor the configuration of its owner names one")

// Plan shows what the push of an event would do if it were published now, and
// the requests that it would send.
func (p *Planner) Plan(ctx context.Context, in stream.Incoming) (push.Job, push.Preview, []PlannedRequest, error) {
	job, err := p.router.resolve(ctx, in)
	if err != nil {
		return job, push.Preview{}, nil, err
	}
	if job.Connector == "" {
		return job, push.Preview{}, nil, ErrNoConnector
	}
	p.recorder.reset()
	v, err := p.pusher.PreviewEvent(ctx, job, in.Event)
	return job, v, p.recorder.requests, err
}

// recorder keeps changing requests instead of sending them.
type recorder struct {
	redact   *httpclient.Redactor
	mu       sync.Mutex
	requests []PlannedRequest
}

func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = nil
}

func (r *recorder) client(s httpclient.Settings) (*http.Client, error) {
	c, err := httpclient.New(s)
	if err != nil {
		return nil, err
	}
	c.Transport = recording{r, c.Transport}
	return c, nil
}

type recording struct {
	to   *recorder
	base http.RoundTripper
}

var errPlanned = errors.New("planned, not sent")

// RoundTrip lets reads pass and records everything else.
func (t recording) RoundTrip(req *http.Request) (*http.Response, error) {
	if httpclient.IsRead(req) {
		return t.base.RoundTrip(req)
	}
	var body []byte
	if req.Body != nil {
		var err error
		body, err = io.ReadAll(req.Body)
		if err = errors.Join(err, req.Body.Close()); err != nil {
			return nil, fmt.Errorf("read request: %w", err)
		}
	}
	t.to.add(req, bytes.TrimSpace(body))
	return nil, errPlanned
}

// shownHeaders hold nothing secret; of all others only the name is shown.
var shownHeaders = map[string]bool{"Content-Type": true, "Accept": true, "X-Atlassian-Token": true}

func (r *recorder) add(req *http.Request, body []byte) {
	p := PlannedRequest{
		Method: req.Method, URL: r.redact.Redact(req.URL.String()), Header: http.Header{}, Body: r.redact.Redact(string(body)),
	}
	for name, values := range req.Header {
		if shownHeaders[name] {
			p.Header.Set(name, strings.Join(values, ", "))
		} else {
			p.Header.Set(name, secret.Redacted)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, p)
}
