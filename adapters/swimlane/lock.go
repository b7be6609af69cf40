package swimlane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/casepush/casepush/internal/connector"
)

// maxUserRunes bounds a user's name in an error.
const maxUserRunes = 60

// changeRefused says whether a change of a record was refused because somebody
// has locked it: a Conflict, which is tried again and says nothing against the
// tracker, as Transient would. How Swimlane answers then is published nowhere,
// so the record itself is asked, by one read. It also forgets the application,
// which may have been changed.
func (s *swimlane) changeRefused(ctx context.Context, op string, ref connector.Ref, err error) error {
	if err == nil {
		return nil
	}
	e := connector.AsError(op, err)
	switch {
	case e.Status == 0: // nothing was refused
		return e
	case e.Kind == connector.Rejected:
		s.app.Store(nil)
	case e.Kind == connector.Forbidden, e.Kind == connector.Conflict:
	default:
		return e
	}
	rec, readErr := s.readRecord(ctx, op, ref)
	if readErr != nil || !rec.Locked {
		return e
	}
	c := *e
	c.Kind, c.Effect, c.Err = connector.Conflict, connector.NotApplied, errors.New("the record is locked")
	if by := rec.lockedBy(); by != "" {
		c.Err = fmt.Errorf("%w by %q", c.Err, by)
	}
	return &c
}

// lockedBy is the name of whoever has locked the record, "" if it is not told.
func (rec record) lockedBy() string {
	var user struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(rec.LockingUser, &user) != nil {
		return ""
	}
	head, _ := connector.Limit{Max: maxUserRunes, Unit: connector.Runes}.Cut(user.Name)
	return head
}
