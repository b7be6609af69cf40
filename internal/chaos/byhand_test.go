package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/proctest"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// byHand counts what a person had to settle.
type byHand struct{ creates, comments, rounds int }

// String tells it.
func (h byHand) String() string {
	return fmt.Sprintf("%d creates and %d comments were settled by a person, in %d rounds", h.creates, h.comments, h.rounds)
}

// mostRounds is how often a person goes through what is uncertain: the create of
// a case, then each of its comments.
const mostRounds = 2 + commentsPerCase

// looks reports whether the trackers are such that nothing is left to a person.
func (r *rig) looks() bool {
	for _, tr := range r.trackers {
		if !tr.kind.Can.Looks() {
			return false
		}
	}
	return true
}

// settleByHand does what an operator does about what is uncertain: he finds each
// such case among the dead letters, looks at the tracker, and says what is there
// with `casepush resolve`; the worker does the rest. Until then nothing may be
// there twice.
func (r *rig) settleByHand(story *story, bound time.Duration) (h byHand) {
	r.t.Helper()
	for !r.looks() {
		blocked := r.blocked()
		if len(blocked) == 0 {
			return h
		}
		if h.rounds++; h.rounds > mostRounds {
			r.t.Fatalf("%d entries are blocked after %d rounds", len(blocked), mostRounds)
		}
		if a := auditTrackers(story.cases, r.trackers); a.duplicates > 0 {
			a.report(r)
		}
		r.resolveAll(blocked, &h)
		r.awaitRest(bound)
	}
	return h
}

// blocked are the entries that wait for a person. Each is among the dead letters,
// and nothing else is.
func (r *rig) blocked() map[ledger.Key]ledger.Entry {
	r.t.Helper()
	out := r.ledger()
	for k, e := range out {
		if !e.Blocked {
			delete(out, k)
		}
	}
	told := map[ledger.Key]bool{}
	r.reading("dead letters", func(ctx context.Context) error {
		clear(told)
		return r.conn.DeadLetters().Each(ctx, func(d stream.StoredDeadLetter) error {
			told[ledger.Key{Connector: d.ConnectorID, Space: d.SpaceID, Case: d.CaseID}] = d.Reason == push.ReasonUncertain
			return nil
		})
	})
	for k := range out {
		if !told[k] {
			r.t.Errorf("%s is blocked, and no dead letter says that it is uncertain", k.Case)
		}
	}
	for k, uncertain := range told {
		if _, ok := out[k]; !ok || !uncertain {
			r.t.Errorf("%s: a dead letter, and the entry does not wait for a person", k.Case)
		}
	}
	return out
}

// resolvers is how many commands run at once.
const resolvers = 4

func (r *rig) resolveAll(blocked map[ledger.Key]ledger.Entry, h *byHand) {
	r.t.Helper()
	var g errgroup.Group
	g.SetLimit(resolvers)
	for k, e := range blocked {
		word, err := r.tracker(k.Connector).word(k.Case, e)
		if err != nil {
			r.t.Fatalf("%s: %v: %+v", k.Case, err, e)
		}
		if word[0] == "--comment" {
			h.comments++
		} else {
			h.creates++
		}
		g.Go(func() error {
			return r.command(append([]string{"resolve", k.Case, "-c", r.config, "--connector", k.Connector}, word...)...)
		})
	}
	if err := g.Wait(); err != nil {
		r.t.Fatal(err)
	}
}

// word is what the person sees at the tracker, as flags of resolve.
func (tr *tracker) word(caseID string, e ledger.Entry) ([]string, error) {
	if e.Incident == nil {
		for _, in := range tr.fake.Incidents() {
			if in.Case == caseID {
				return []string{"--incident", in.ID, "--title", in.Name}, nil
			}
		}
		return []string{"--none"}, nil
	}
	if e.Plan.Empty() || len(e.Plan.Comments) == 0 {
		return nil, fmt.Errorf("nothing is there to be settled")
	}
	m := e.Plan.Comments[0]
	in, _ := tr.incident(e.Incident.ID)
	sent := "--unsent"
	if slices.ContainsFunc(in.Comments, func(text string) bool { return connector.Digest(text) == m.Digest }) {
		sent = "--sent"
	}
	return []string{"--comment", m.ID, sent}, nil
}

// command runs one of casepush's.
func (r *rig) command(args ...string) error {
	var said strings.Builder
	p, err := proctest.Start(proctest.Command{Program: r.casepush, Args: args, Output: &said})
	if err != nil {
		return err
	}
	<-p.Ended()
	if code := p.ExitCode(); code != 0 {
		return fmt.Errorf("casepush %s: exit code %d\n%s", strings.Join(args, " "), code, said.String())
	}
	return nil
}
