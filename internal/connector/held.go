package connector

import (
	"fmt"
	"time"
)

// HeldError is the cause of a request that was not sent because its connector
// is paused or held: errors.Is(err, ErrHeld) is true.
type HeldError struct {
	For time.Duration // how much longer; 0 is unknown
}

// Error says for how long, in whole seconds, rounded up.
func (e HeldError) Error() string {
	if e.For <= 0 {
		return ErrHeld.Error()
	}
	return fmt.Sprintf("%s for %s", ErrHeld, (e.For + time.Second - 1).Truncate(time.Second))
}

// Is makes errors.Is(err, ErrHeld) true.
func (HeldError) Is(target error) bool { return target == ErrHeld }
