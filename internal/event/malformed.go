package event

import "fmt"

// MalformedError says why a message is no event. It shows nothing of the body
// but ids that have the form of an id.
type MalformedError struct {
	Where   string // `key "case_id"`, "body", "subject", "header ce-specversion"
	Problem string // what is wrong there
	Mend    string // what the publisher has to do
}

// Error gives the place, what is wrong there and how to mend it.
func (e *MalformedError) Error() string {
	return fmt.Sprintf("event: %s: %s; %s", e.Where, e.Problem, e.Mend)
}

func malformedKey(key, problem, mend string) *MalformedError {
	return &MalformedError{Where: fmt.Sprintf("key %q", key), Problem: problem, Mend: mend}
}
