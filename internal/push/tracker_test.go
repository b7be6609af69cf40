package push_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// tracker keeps the incidents of one case in memory. An error that leaves open
// what has happened stands for the worst: it has happened.
type tracker struct {
	caps connector.Capabilities
	// answers are errors by operation: find, create, update, comment.
	probe   error // the answer to Probe
	answers map[string]*connector.Error
	// refuses is an error for the comment with this id.
	refuses map[string]*connector.Error

	incidents []*incident
	log       []string // requests; those that change something are in capitals
}

type incident struct {
	made     time.Time
	fields   map[string]string
	comments []connector.Comment
	// edited are comments whose text somebody has changed at the tracker.
	edited map[string]bool
}

func newTracker() *tracker {
	return &tracker{
		answers: map[string]*connector.Error{}, refuses: map[string]*connector.Error{},
		caps: connector.Capabilities{
			FindIncident: true, CountComments: true, ReadIncident: true,
			SettleTime: 20 * time.Second, FindDelay: time.Minute, Limits: map[string]connector.Limit{},
		},
	}
}

// noAnswer leaves open what has happened.
func noAnswer() *connector.Error {
	return &connector.Error{Op: "x", Err: errors.New("timeout")}
}

// refusal says that nothing has happened.
func refusal(kind connector.Kind, status int) *connector.Error {
	return &connector.Error{Op: "x", Kind: kind, Effect: connector.NotApplied, Status: status}
}

func asError(e *connector.Error) error {
	if e == nil {
		return nil
	}
	return e
}

func applies(e *connector.Error) bool { return e == nil || e.Effect == connector.EffectUnknown }

func (t *tracker) note(format string, args ...any) {
	t.log = append(t.log, fmt.Sprintf(format, args...))
}

// writes are the requests that change something.
func (t *tracker) writes() []string {
	return slices.DeleteFunc(slices.Clone(t.log), func(s string) bool { return strings.ToUpper(s[:1]) != s[:1] })
}

func (t *tracker) Capabilities() connector.Capabilities { return t.caps }

// FindIncident does not see an incident before FindDelay.
func (t *tracker) FindIncident(context.Context, connector.CorrelationID) (connector.Ref, error) {
	t.note("find")
	if e := t.answers["find"]; e != nil {
		return connector.Ref{}, e
	}
	for n, i := range t.incidents {
		if time.Since(i.made) >= t.caps.FindDelay {
			return refOf(n), nil
		}
	}
	return connector.Ref{}, refusal(connector.NotFound, 404)
}

func refOf(n int) connector.Ref { return connector.Ref{ID: fmt.Sprint(n + 1)} }

func (t *tracker) of(ref connector.Ref) *incident {
	for n := range t.incidents {
		if refOf(n).ID == ref.ID {
			return t.incidents[n]
		}
	}
	return nil
}

func (t *tracker) CreateIncident(_ context.Context, _ connector.CorrelationID, in connector.Incident) (connector.Ref, error) {
	t.note("CREATE")
	e := t.answers["create"]
	if applies(e) {
		i := &incident{made: time.Now(), fields: map[string]string{}}
		i.set(in)
		t.incidents = append(t.incidents, i)
	}
	if e != nil {
		return connector.Ref{}, e
	}
	return refOf(len(t.incidents) - 1), nil
}

func (i *incident) set(in connector.Incident) {
	for _, f := range in.Fields {
		i.fields[f.Name] = fmt.Sprint(f.Value)
	}
}

func (t *tracker) ReadIncident(_ context.Context, ref connector.Ref, names []string) (connector.Incident, error) {
	i := t.of(ref)
	if i == nil {
		return connector.Incident{}, refusal(connector.NotFound, 404)
	}
	var in connector.Incident
	for _, name := range names {
		in.Fields = append(in.Fields, connector.Field{Name: name, Value: i.fields[name]})
	}
	return in, nil
}

func (t *tracker) UpdateIncident(_ context.Context, _ connector.CorrelationID, ref connector.Ref, in connector.Incident) error {
	for _, f := range in.Fields {
		t.note("UPDATE %s=%v", f.Name, f.Value)
	}
	e := t.answers["update"]
	if applies(e) {
		t.of(ref).set(in)
	}
	return asError(e)
}

// Probe implements connector.Connector.
func (t *tracker) Probe(context.Context) error { return t.probe }

func (t *tracker) AddComment(_ context.Context, ref connector.Ref, c connector.Comment) error {
	t.note("COMMENT %s", c.ID)
	e := t.answers["comment"]
	if own := t.refuses[c.ID]; own != nil {
		e = own
	}
	if applies(e) {
		i := t.of(ref)
		i.comments = append(i.comments, c)
	}
	return asError(e)
}

// CountComments counts by text, and by id what was edited: nothing else is left of it.
func (t *tracker) CountComments(_ context.Context, ref connector.Ref, cs []connector.Comment) ([]int, error) {
	t.note("count")
	i := t.of(ref)
	counts := make([]int, len(cs))
	for n, c := range cs {
		for _, there := range i.comments {
			if there.ID == c.ID && i.edited[c.ID] || !i.edited[there.ID] && there.Digest == c.Digest {
				counts[n]++
			}
		}
	}
	return counts, nil
}

// texts are the comments of the only incident, without their footers.
func (t *tracker) texts() []string {
	var list []string
	for _, i := range t.incidents {
		for _, c := range i.comments {
			text, _, _ := strings.Cut(c.Text, "\n\n")
			list = append(list, text)
		}
	}
	return list
}
