package ops

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// ErrOther: the case has another incident, which is not replaced unasked.
var ErrOther = errors.New("the case has another incident")

// LinkOptions say how incidents are adopted.
type LinkOptions struct {
	// Overwrite also replaces another incident of the case.
	Overwrite bool
	// Sure: take the person's word for an incident that cannot be looked up.
	Sure bool
	// PlanOnly finds out what would be done, and changes nothing.
	PlanOnly bool
	// OnClaim is as in ResolveOptions.
	OnClaim func(owner string, lease time.Duration)
}

// Linker adopts a list of incidents. Not safe for concurrent use.
type Linker struct {
	ops  *Ops
	opts LinkOptions
	// owners are the cases that have an incident which the list names, by
	// connector and name.
	owners map[[2]string][]owner
	// refused are connectors whose tracker refused our credentials: asking again
	// for every line would lock the account.
	refused map[string]error
}

type owner struct {
	key      ledger.Key
	incident ledger.Incident
}

// NewLinker prepares to adopt the given incidents: it reads the ledger once.
func (o *Ops) NewLinker(ctx context.Context, links []Link, opts LinkOptions) (*Linker, error) {
	l := &Linker{ops: o, opts: opts, owners: map[[2]string][]owner{}, refused: map[string]error{}}
	connectors := map[string]bool{}
	for _, link := range links {
		connectors[link.Key.Connector] = true
		l.owners[[2]string{link.Key.Connector, link.Incident.ID}] = nil
		l.owners[[2]string{link.Key.Connector, link.Incident.Title}] = nil
	}
	for id := range connectors {
		if err := o.conn.Entries(ctx, stream.EntryFilter{Connector: id}, l.note); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// note remembers the entry if the list names its incident.
func (l *Linker) note(key ledger.Key, e ledger.Entry) error {
	if e.Incident == nil {
		return nil
	}
	for _, name := range []string{e.Incident.ID, e.Incident.Title} {
		at := [2]string{key.Connector, name}
		if owners, named := l.owners[at]; named {
			l.owners[at] = append(owners, owner{key, *e.Incident})
		}
	}
	return nil
}

// LinkResult is what became of a link.
type LinkResult struct {
	Done bool // the case was given the incident; with PlanOnly: would be
	// Redriven: a job was stored that pushes what the case owed.
	Redriven bool
}

// Link gives the case its incident, after the guards of Resolve: the incident is
// no other case's and is there as far as the tracker can tell, and no worker is
// at the case. Without an error and not Done: the case has it already. Errors are
// those of Resolve, and ErrOther.
func (l *Linker) Link(ctx context.Context, link Link) (LinkResult, error) {
	e, rev, err := l.entry(ctx, link.Key)
	if err != nil {
		return LinkResult{}, err
	}
	address := l.ops.address(ctx, link.Key.Connector)
	if sameIncident(e.Incident, link.Incident, address) {
		return LinkResult{}, nil
	}
	if e.Incident != nil && !l.opts.Overwrite {
		return LinkResult{}, fmt.Errorf("%w: %q", ErrOther, e.Incident.Title)
	}
	if err := l.check(ctx, link, address); err != nil || l.opts.PlanOnly {
		return LinkResult{Done: err == nil}, err
	}
	settled, err := push.Resolve(e, push.Resolution{At: time.Now(), Tracker: address, Incident: link.Incident})
	if err != nil {
		return LinkResult{}, err
	}
	stored, _, err := ledger.Write(ctx, l.ops.conn.Ledger(), link.Key, settled, rev)
	if err != nil {
		return LinkResult{}, err
	}
	if err := l.note(link.Key, stored); err != nil {
		return LinkResult{}, err
	}
	started, err := l.ops.pushOwed(ctx, link.Key, e, stored)
	return LinkResult{Done: true, Redriven: started}, err
}

// entry is the zero entry for a case that was never pushed.
func (l *Linker) entry(ctx context.Context, key ledger.Key) (ledger.Entry, ledger.Revision, error) {
	if l.opts.PlanOnly { // a claim is not waited for
		return l.ops.conn.Ledger().Get(ctx, key)
	}
	e, rev, err := l.ops.unclaimed(ctx, key, l.opts.OnClaim)
	if errors.Is(err, ErrNoEntry) {
		return e, rev, nil
	}
	return e, rev, err
}

// check refuses another case's incident, and one that is not there.
func (l *Linker) check(ctx context.Context, link Link, address string) error {
	for _, name := range []string{link.Incident.ID, link.Incident.Title} {
		for _, o := range l.owners[[2]string{link.Key.Connector, name}] {
			if o.key != link.Key && sameIncident(&o.incident, link.Incident, address) {
				return taken(link.Incident, o.key)
			}
		}
	}
	err := l.lookUp(ctx, link)
	if errors.Is(err, ErrNotLookedUp) && l.opts.Sure && ctx.Err() == nil {
		return nil
	}
	return err
}

// lookUp asks a tracker that has refused our credentials no more.
func (l *Linker) lookUp(ctx context.Context, link Link) error {
	if err := l.refused[link.Key.Connector]; err != nil {
		return err
	}
	t, err := l.ops.connectors.Target(ctx, link.Key.Connector)
	if err != nil {
		return notLookedUp(ctx, link.Incident, err, false)
	}
	err = lookUp(ctx, t.Connector, link.Incident, false)
	var e *connector.Error
	if errors.As(err, &e) && e.Kind == connector.Unauthenticated {
		l.refused[link.Key.Connector] = err
	}
	return err
}
