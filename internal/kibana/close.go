package kibana

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// StatusClosed is the status of a closed case.
const StatusClosed = "closed"

// maxCloses bounds how often a refused close is tried with a fresh version.
const maxCloses = 5

// CloseOptions are the details of a close.
type CloseOptions struct {
	// Version is the case's version as last read; "" makes Close read it.
	Version string
}

// CloseResult says what a close found and did.
type CloseResult struct {
	// Closed: the case is closed now.
	Closed bool
	// AlreadyClosed: it was so without a write of this call, by another hand
	// or by an earlier call whose answer was lost.
	AlreadyClosed bool
	// At is when it was closed, on Kibana's clock: closed_at, else updated_at,
	// which is the same instant in the answer to the write and no earlier one
	// later. Zero if Kibana gave neither.
	At time.Time
}

// Close sets the case's status to closed; Kibana itself records who and when,
// and closes the alerts if the case says so. A closed case is left alone.
//
// Kibana refuses a version that is not the newest (also when one of its own
// jobs touched the case): Close then reads the case again and repeats, at most
// 5 times, and gives up with kind Conflict. It may be called again after any
// error, and does no harm then. Whether a person has reopened the case on
// purpose is not its business: see [Client.ClosedSince].
func (c *Client) Close(ctx context.Context, space, id string, o CloseOptions) (CloseResult, error) {
	version := o.Version
	var refused error
	for range maxCloses {
		if version == "" {
			found, err := c.head(ctx, space, id)
			if err != nil {
				return CloseResult{}, err
			}
			if found.Status == StatusClosed {
				return CloseResult{Closed: true, AlreadyClosed: true, At: closedAt(found)}, nil
			}
			version = found.Version
		}
		done, err := c.patchClosed(ctx, space, id, version)
		if done.Closed {
			return done, nil
		}
		// 406 is "nothing would change": closed already, or an odd answer; both
		// are for the next reading to tell.
		if err != nil && !isKind(err, connector.Conflict) && !hasStatus(err, http.StatusNotAcceptable) {
			return CloseResult{}, err
		}
		refused, version = err, ""
	}
	return c.lastLook(ctx, space, id, refused)
}

// lastLook ends a close that was refused to the last: the case may be closed
// all the same.
func (c *Client) lastLook(ctx context.Context, space, id string, refused error) (CloseResult, error) {
	found, err := c.head(ctx, space, id)
	if err != nil {
		return CloseResult{}, err
	}
	if found.Status == StatusClosed {
		return CloseResult{Closed: true, AlreadyClosed: true, At: closedAt(found)}, nil
	}
	gaveUp := &connector.Error{
		Op: "close case", Kind: connector.Conflict, Effect: connector.NotApplied,
		Err: errors.New("every write was accepted and the case is still open"),
	}
	var last *connector.Error
	if errors.As(refused, &last) {
		gaveUp.Status, gaveUp.Err = last.Status, last.Err
	}
	return CloseResult{}, gaveUp
}

// closedAt is when a case that is closed was closed; see [CloseResult].
func closedAt(c *Case) time.Time {
	if c.ClosedAt.IsZero() {
		return c.UpdatedAt.Time
	}
	return c.ClosedAt.Time
}

// patchClosed writes once. The result is not Closed, without an error, if the
// answer does not show the case closed.
func (c *Client) patchClosed(ctx context.Context, space, id, version string) (done CloseResult, err error) {
	type patch struct {
		ID      string `json:"id"`
		Version string `json:"version"`
		Status  string `json:"status"`
	}
	body, err := c.do(ctx, call{
		op: "close case", method: http.MethodPatch, space: space, path: []string{"cases"},
		body: map[string][]patch{"cases": {{ID: id, Version: version, Status: StatusClosed}}},
	})
	if err != nil {
		return CloseResult{}, err
	}
	var updated []json.RawMessage
	if json.Unmarshal(body, &updated) != nil {
		return CloseResult{}, nil
	}
	for _, raw := range updated {
		one, err := DecodeCase(raw)
		if err != nil || one.ID != id {
			continue
		}
		c.learnOwnUser(one.UpdatedBy)
		if one.Status == StatusClosed {
			done = CloseResult{Closed: true, At: closedAt(one)}
		}
	}
	return done, nil
}

// OwnUser is the username that Kibana records for our writes, "" while it is
// not known. It is what Options gave, else it is learnt from the first answer
// to a write. An API key writes as the person who made it: when that is not a
// user made for this purpose, the changes which that person makes by hand are
// taken for ours, and footers name the case's creator instead ([LastUser]).
func (c *Client) OwnUser() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.own
}

func (c *Client) learnOwnUser(u *User) {
	if u == nil || u.Username == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own == "" {
		c.own = u.Username
	}
}
