package fakes

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Rule is one way to fail. The first group of fields says which requests, the
// second how often, the third what happens. In JSON the keys are snake_case
// and durations are Go's texts ("250ms").
type Rule struct {
	// ID is given by [Faults.Add]; a value set before is ignored.
	ID string `json:"id,omitempty"`

	// Method, in any case; "" is any.
	Method string `json:"method,omitempty"`
	// Path as the fake sees it, without the prefix under which a [Server] has
	// it, without the query, and for Kibana with /s/{space}; "" is any. It is a
	// glob for the whole path: * is any text without a slash, ** any text. With
	// "regexp:" in front it is an RE2 expression that must match somewhere.
	Path string `json:"path,omitempty"`
	// Contains is a text that the query (as sent) or the body must have.
	Contains string `json:"contains,omitempty"`

	// Skip lets so many matching requests pass first.
	Skip int `json:"skip,omitempty"`
	// Times is how often the rule is applied; 0 is always.
	Times int `json:"times,omitempty"`
	// Probability from 0 to 1 by the fake's seed; 0 is the same as 1.
	Probability float64 `json:"probability,omitempty"`

	// Delay passes before anything else. A client that leaves meanwhile gets
	// nothing done, unless ActLate is set.
	Delay Duration `json:"delay,omitempty"`
	// ActLate: the request takes effect after Delay even when its client has
	// left long since, as behind a proxy or in a queue.
	ActLate bool `json:"act_late,omitempty"`
	// Reset closes the connection without acting.
	Reset bool `json:"reset,omitempty"`
	// Status answers in the fake's place, without acting unless Act is set.
	Status int `json:"status,omitempty"`
	// Act lets the fake act before Status is answered: a gateway that lost it.
	Act bool `json:"act,omitempty"`
	// Body of that answer; JSON if it parses as such, else HTML if it begins
	// with "<", else text. A Content-Type in Header wins.
	Body string `json:"body,omitempty"`
	// RetryAfter is the header of that name, in either of its forms.
	RetryAfter string `json:"retry_after,omitempty"`
	// Header is set on the answer, the fake's own included.
	Header map[string]string `json:"header,omitempty"`
	// DropAnswer lets the fake act, then closes the connection.
	DropAnswer bool `json:"drop_answer,omitempty"`
	// DelayAnswer passes after acting and before the answer.
	DelayAnswer Duration `json:"delay_answer,omitempty"`
	// TruncateBody breaks the answer off after so many bytes of its body; 0 is
	// never.
	TruncateBody int `json:"truncate_body,omitempty"`
}

// compile checks the rule and returns its path as an expression, nil for any.
func (r Rule) compile() (*regexp.Regexp, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if r.Path == "" {
		return nil, nil
	}
	if expr, ok := strings.CutPrefix(r.Path, "regexp:"); ok {
		re, err := regexp.Compile(expr)
		if err != nil {
			return nil, fmt.Errorf("path %q: %w", r.Path, err)
		}
		return re, nil
	}
	if !strings.HasPrefix(r.Path, "/") && !strings.HasPrefix(r.Path, "*") {
		return nil, fmt.Errorf("path %q: must begin with \"/\", \"*\" or \"regexp:\"", r.Path)
	}
	return regexp.Compile("^" + globReplacer().Replace(regexp.QuoteMeta(r.Path)) + "$")
}

func globReplacer() *strings.Replacer {
	return strings.NewReplacer(`\*\*`, `.*`, `\*`, `[^/]*`)
}

func (r Rule) check() error {
	var errs []error
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	bad(r.Skip < 0, "skip %d: must not be negative", r.Skip)
	bad(r.Times < 0, "times %d: must not be negative; 0 is always", r.Times)
	bad(!(r.Probability >= 0 && r.Probability <= 1), "probability %v: must be between 0 and 1", r.Probability)
	bad(r.Delay < 0, "delay %s: must not be negative", r.Delay)
	bad(r.DelayAnswer < 0, "delay_answer %s: must not be negative", r.DelayAnswer)
	bad(r.TruncateBody < 0, "truncate_body %d: must not be negative", r.TruncateBody)
	bad(r.Status != 0 && (r.Status < 200 || r.Status > 599), "status %d: must be between 200 and 599", r.Status)
	bad(r.Status == 0 && (r.Act || r.Body != "" || r.RetryAfter != ""), "act, body and retry_after need a status")
	bad(r.Reset && (r.Status != 0 || r.DropAnswer || r.DelayAnswer != 0 || r.TruncateBody != 0), "reset: nothing is sent or done after it")
	bad(r.DropAnswer && (r.Status != 0 || r.DelayAnswer != 0 || r.TruncateBody != 0), "drop_answer: nothing is sent after it")
	bad(r.ActLate && r.Delay == 0, "act_late needs a delay")
	bad(r.inert(), "it does nothing: give delay, status, drop_answer, reset, truncate_body or header")
	return errors.Join(errs...)
}

// inert reports whether the rule would change nothing.
func (r Rule) inert() bool {
	return r.Delay == 0 && r.DelayAnswer == 0 && r.Status == 0 && !r.DropAnswer && !r.Reset &&
		r.TruncateBody == 0 && len(r.Header) == 0
}

// answer is what the rule answers in the fake's place.
func (r Rule) answer() *answer {
	a := newAnswer()
	a.status = r.Status
	switch {
	case r.Body == "":
	case json.Valid([]byte(r.Body)):
		a.header.Set("Content-Type", "application/json")
	case strings.HasPrefix(r.Body, "<"):
		a.header.Set("Content-Type", "text/html; charset=utf-8")
	default:
		a.header.Set("Content-Type", "text/plain; charset=utf-8")
	}
	if r.RetryAfter != "" {
		a.header.Set("Retry-After", r.RetryAfter)
	}
	for k, v := range r.Header {
		a.header.Set(k, v)
	}
	a.body.WriteString(r.Body)
	return a
}

// Duration is a time.Duration that is text in JSON and YAML: "1m30s".
type Duration time.Duration

// String is Go's text.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes Go's text.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads Go's text.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("duration %q: want a text such as \"250ms\" or \"1m30s\"", b)
	}
	*d = Duration(v)
	return nil
}
