package connector

import "fmt"

// Unsendable is the error of a request that was never sent and never can be.
func Unsendable(op string, err error) *Error {
	return &Error{Op: op, Kind: Rejected, Effect: NotApplied, Err: err}
}

// BadAnswer is the error of a read whose answer makes no sense. Proxies and
// maintenance pages do that for a while, so it may be tried again.
func BadAnswer(op string, err error) *Error {
	return &Error{Op: op, Kind: Transient, Effect: NotApplied, Err: fmt.Errorf("answer: %w", err)}
}

// BadReceipt is the error of a change that was acknowledged with an answer
// that makes no sense: the effect is unknown, and most likely it happened.
func BadReceipt(op string, err error) *Error {
	return &Error{Op: op, Err: fmt.Errorf("answer: %w", err)}
}

// OfCreate is e as a create returns it. A 404 becomes a refusal: it means that
// nothing answers at this address as the tracker does, not that an incident is
// missing.
func (e *Error) OfCreate() *Error {
	if e.Kind != NotFound {
		return e
	}
	c := *e
	c.Kind = Rejected
	return &c
}
