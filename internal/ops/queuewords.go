package ops

import (
	"fmt"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/gate"
)

// Why says in words what stands in the way: everything, since ending one does
// not end the others. Empty if nothing does.
func (q Queue) Why() string {
	var words []string
	if q.PauseOfAll != nil {
		words = append(words, "all are paused"+PauseWords(*q.PauseOfAll))
	}
	if q.Pause != nil {
		words = append(words, "paused"+PauseWords(*q.Pause))
	}
	if q.Hold != nil {
		words = append(words, q.holdWords(time.Now()))
	}
	return strings.Join(words, "; ")
}

// PauseWords says by whom and why, to be put behind what is paused.
func PauseWords(p gate.Pause) string {
	words := ""
	if p.By != "" {
		words += " by " + p.By
	}
	if p.Why != "" {
		words += ": " + p.Why
	}
	return words
}

func (q Queue) holdWords(now time.Time) string {
	h := *q.Hold
	reason := h.Reason.String()
	if q.ConnectorID == "" {
		reason = h.Reason.Of("Kibana")
	}
	if !h.Active(now) {
		reason = "one push at a time until one has gone through; before: " + reason
	}
	if h.Times > 1 {
		reason += fmt.Sprintf(", %d times in a row", h.Times)
	}
	if h.Words != "" {
		reason += ": " + h.Words
	}
	return reason
}

// Since is when what stands in the way began, the pause before the hold; zero
// if nothing does.
func (q Queue) Since() time.Time {
	switch {
	case q.Pause != nil:
		return q.Pause.Since
	case q.PauseOfAll != nil:
		return q.PauseOfAll.Since
	case q.Hold != nil:
		return q.Hold.Since
	}
	return time.Time{}
}

// Until is when the queue is worked on again by itself; zero if that takes a
// person, or nothing.
func (q Queue) Until() time.Time {
	if q.State == gate.Held {
		return q.Hold.Until
	}
	return time.Time{}
}
