package ops

import (
	"context"
	"fmt"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/stream"
)

// checkIncident refuses a resolution that would lose a good incident or link a
// wrong one.
func (o *Ops) checkIncident(ctx context.Context, key ledger.Key, e ledger.Entry, opts ResolveOptions) error {
	ref := opts.Incident
	if e.Incident != nil && !owes(e) && !opts.Sure {
		switch {
		case opts.None:
			return fmt.Errorf("%w: the case has incident %q there, and its next push would create another", ErrInStep, e.Incident.Title)
		case !ref.IsZero() && ref.ID != e.Incident.ID:
			return fmt.Errorf("%w: the case has incident %q there, and %q would replace it", ErrInStep, e.Incident.Title, ref.ID)
		}
	}
	if ref.IsZero() {
		return nil
	}
	if taken := o.checkFree(ctx, key, ref, o.address(ctx, key.Connector)); taken != nil {
		return taken
	}
	t, err := o.connectors.Target(ctx, key.Connector)
	if err != nil {
		return notLookedUp(ctx, ref, err, opts.Sure)
	}
	return lookUp(ctx, t.Connector, ref, opts.Sure)
}

// address is where the connector's tracker is, "" if that is not known.
func (o *Ops) address(ctx context.Context, connectorID string) string {
	t, err := o.connectors.Target(ctx, connectorID)
	if err != nil {
		return ""
	}
	return t.Connector.Capabilities().Address
}

// checkFree goes through the connector's entries: two cases that share an incident would
// overwrite each other's fields for ever. An id at another tracker than that of
// the given address, where the connector has pointed before, is another incident.
func (o *Ops) checkFree(ctx context.Context, key ledger.Key, ref connector.Ref, address string) error {
	return o.conn.Entries(ctx, stream.EntryFilter{Connector: key.Connector}, func(k ledger.Key, e ledger.Entry) error {
		if k == key || !sameIncident(e.Incident, ref, address) {
			return nil
		}
		return taken(ref, k)
	})
}

func taken(ref connector.Ref, by ledger.Key) error {
	return fmt.Errorf("%w: %q belongs to case %q in space %q", ErrTaken, ref.ID, by.Case, by.Space)
}

// sameIncident reports whether ref, at the tracker of the given address, is the
// incident of an entry. People name incidents by what is shown, so an id that is
// another's title is taken for it.
func sameIncident(i *ledger.Incident, ref connector.Ref, address string) bool {
	if i == nil || i.ID != ref.ID && i.Title != ref.ID && i.ID != ref.Title {
		return false
	}
	return i.Tracker == "" || address == "" || i.Tracker == address
}

// lookUp asks the tracker for the incident, where it can be asked. A person who
// is sure is believed if the tracker does not answer, not if it says no.
func lookUp(ctx context.Context, c connector.Connector, ref connector.Ref, sure bool) error {
	if !c.Capabilities().ReadIncident {
		return nil
	}
	_, err := c.ReadIncident(ctx, ref, nil)
	switch {
	case err == nil:
		return nil
	case connector.AsError("read incident", err).Kind == connector.NotFound:
		return fmt.Errorf("%w: %q", ErrNoIncident, ref.ID)
	}
	return notLookedUp(ctx, ref, err, sure)
}

// notLookedUp is nil for a person who is sure and has not given up.
func notLookedUp(ctx context.Context, ref connector.Ref, cause error, sure bool) error {
	if ctx.Err() == nil && sure {
		return nil
	}
	return fmt.Errorf("%w: %q: %w", ErrNotLookedUp, ref.ID, cause)
}
