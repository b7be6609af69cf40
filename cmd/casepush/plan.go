package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
	"github.com/casepush/casepush/internal/worker"
)

func (a *app) planCommand() *cobra.Command {
	var from eventFlags
	var format string
	cmd := &cobra.Command{
		Use:   "plan (--case ID | -f FILE | -)",
		Short: "Show the requests that a push would send",
		Long: `Show the exact requests that a push would send now, with secrets redacted. Kibana and the tracker are
read; nothing is sent to them and no event is published. Arguments are those of push. Where a request
needs the id of an incident that does not exist yet, it has ` + push.PlaceholderID + `.

Exit codes: 4 Kibana or the tracker is out of reach, 5 one of them refuses, 7 the case is uncertain and a person must decide,
6 some of several events cannot be planned.`,
		Example: `  casepush plan --case 7349772f-421a-4de3-b8bb-2d9b22ccee30
  casepush plan -f events.jsonl -o json | jq .requests`,
		Args: from.args,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if format != "" && format != "text" && format != formatJSON {
				return usage("-o %q: want text or json", format)
			}
			return from.check(cmd)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			src, err := from.open(a)
			if err != nil {
				return err
			}
			defer src.Close()
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error { return a.plan(ctx, o, src, format) })
		},
	}
	a.configFlag(cmd.Flags())
	from.add(cmd)
	cmd.Flags().StringVarP(&format, "output", "o", "", "`format`: text or json, one object a line (default text)")
	return cmd
}

// planned is the plan of one event.
type planned struct {
	CaseID      string           `json:"case_id"`
	SpaceID     string           `json:"space_id"`
	ConnectorID string           `json:"connector_id,omitempty"`
	Outcome     push.Outcome     `json:"outcome,omitempty"`
	Reason      push.Reason      `json:"reason,omitempty"`
	Waits       string           `json:"waits,omitempty"`
	Creates     bool             `json:"creates"`
	Incident    string           `json:"incident,omitempty"`
	Fields      []string         `json:"fields,omitempty"`
	Comments    int              `json:"comments"`
	Closes      bool             `json:"closes"`
	Requests    []plannedRequest `json:"requests"`
	blocked     bool
}

type plannedRequest struct {
	Method string            `json:"method"`
	URL    string            `json:"url"`
	Header map[string]string `json:"header"`
	Body   any               `json:"body,omitempty"` // JSON as it is, else a text
}

func (a *app) plan(ctx context.Context, o operator, src *events, format string) error {
	planner, err := worker.NewPlanner(o.config, adapters.Types(), o.queue.Conn)
	if err != nil {
		return fail(exitConfig, err, "")
	}
	blocked, failed := 0, 0
	err = src.each(func(e event.Event) error {
		p, err := planEvent(ctx, planner, e)
		if err != nil {
			if src.count == 1 || ctx.Err() != nil {
				return planError(err)
			}
			failed++
			fmt.Fprintf(a.err, "case %q: %v\n", e.CaseID, err)
			return nil
		}
		if p.blocked {
			blocked++
		}
		return a.printPlan(p, format)
	})
	switch {
	case err != nil:
		return err
	case failed > 0:
		return fail(exitPartly, fmt.Errorf("%d of %d events cannot be planned", failed, src.count), "")
	case blocked > 0:
		return fail(exitUncertain, fmt.Errorf("%d of %d cases are uncertain: a person must decide", blocked, src.count), "casepush incidents ls --uncertain")
	}
	return nil
}

func planEvent(ctx context.Context, planner *worker.Planner, e event.Event) (planned, error) {
	job, v, requests, err := planner.Plan(ctx, stream.Incoming{Space: e.SpaceID, Case: e.CaseID, Event: e, StoredAt: time.Now()})
	p := planned{CaseID: e.CaseID, SpaceID: e.SpaceID, ConnectorID: job.Connector, Requests: []plannedRequest{}}
	switch {
	case errors.Is(err, worker.ErrNoConnector):
		p.Outcome, p.Reason, p.Waits = push.Skipped, push.ReasonNoConnector, err.Error()
		return p, nil
	case err != nil:
		return p, fmt.Errorf("plan push of case %q: %w", e.CaseID, err)
	}
	p.fill(v, requests)
	return p, nil
}

// fill takes over what a preview found out.
func (p *planned) fill(v push.Preview, requests []worker.PlannedRequest) {
	p.Outcome, p.Waits, p.Creates, p.Incident = v.Outcome, v.Waits, v.Creates, v.Incident.Title
	p.Fields, p.Comments, p.Closes = v.Fields, v.Comments, v.Closes
	p.blocked = strings.HasPrefix(v.Waits, string(push.ReasonUncertain))
	for _, r := range requests {
		shown := plannedRequest{Method: r.Method, URL: r.URL, Header: map[string]string{}}
		for name := range r.Header {
			shown.Header[name] = r.Header.Get(name)
		}
		switch {
		case json.Valid([]byte(r.Body)):
			shown.Body = json.RawMessage(r.Body)
		case r.Body != "":
			shown.Body = r.Body
		}
		p.Requests = append(p.Requests, shown)
	}
}

// planError gives an error that the push would meet the exit code of its class.
func planError(err error) error {
	var refusal *connector.Error
	switch {
	case !errors.As(err, &refusal):
		return err
	case refusal.Kind == connector.Unauthenticated || refusal.Kind == connector.Forbidden || refusal.Status != 0 && refusal.Kind == connector.Rejected:
		return fail(exitRefused, err, "")
	case refusal.Kind == connector.Transient || refusal.Kind == connector.RateLimited:
		return fail(exitUnreachable, err, "")
	}
	return err
}

func (a *app) printPlan(p planned, format string) error {
	if format == formatJSON {
		b, err := marshal(p)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.out, "%s\n", b)
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# case %s/%s%s: %s\n", p.SpaceID, p.CaseID, at(p.ConnectorID), p.headline())
	for _, r := range p.Requests {
		fmt.Fprintf(&b, "\n%s %s\n", r.Method, printable(r.URL))
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			fmt.Fprintf(&b, "%s: %s\n", name, printable(r.Header[name]))
		}
		if raw, ok := r.Body.(json.RawMessage); ok {
			b.WriteString("\n")
			_ = json.Indent(&b, raw, "", "  ") // it was found valid
			b.WriteString("\n")
		} else if r.Body != nil {
			fmt.Fprintf(&b, "\n%s\n", printable(fmt.Sprint(r.Body)))
		}
	}
	b.WriteString("\n")
	_, err := a.out.Write(b.Bytes())
	return err
}

func at(connectorID string) string {
	if connectorID == "" {
		return ""
	}
	return " at connector " + printable(connectorID)
}

// headline says in words what the push would do.
func (p planned) headline() string {
	if p.Waits != "" {
		return "nothing is sent: " + p.Waits
	}
	var does []string
	switch {
	case p.Creates:
		does = append(does, "creates an incident")
	case len(p.Fields) > 0:
		does = append(does, fmt.Sprintf("updates %s of %s", strings.Join(p.Fields, ", "), printable(p.Incident)))
	}
	switch {
	case p.Comments == 1:
		does = append(does, "adds 1 comment")
	case p.Comments > 1:
		does = append(does, fmt.Sprintf("adds %d comments", p.Comments))
	}
	if len(does) == 0 {
		does = append(does, "changes nothing at the tracker")
	}
	if p.Closes {
		does = append(does, "closes the case")
	}
	return strings.Join(does, ", ")
}
