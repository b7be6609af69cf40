package connector

import (
	"cmp"
	"fmt"
	"time"
)

// HeldError is the cause of a request that was not sent because its connector
// is paused or held: errors.Is(err, ErrHeld) is true.
type HeldError struct {
	Why string        // in our own words; "" is those of ErrHeld
	For time.Duration // how much longer; 0 is unknown
}

// Error says why, and for how long in whole seconds, rounded up.
func (e *HeldError) Error() string {
	why := cmp.Or(e.Why, ErrHeld.Error())
	if e.For <= 0 {
		return why
	}
	return fmt.Sprintf("%s for %s", why, (e.For + time.Second - 1).Truncate(time.Second))
}

// Is makes errors.Is(err, ErrHeld) true.
func (e *HeldError) Is(target error) bool { return target == ErrHeld }
