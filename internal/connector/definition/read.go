package definition

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/casepush/casepush/internal/secret"
)

// LongestDuration bounds what [Reader.Duration] takes.
const LongestDuration = 24 * time.Hour

// RequiredText returns a text that must be there, without white space around
// it; "" if it is not, or is empty.
func (r *Reader) RequiredText(part Part, key string) string {
	v := r.part(part)[key]
	if v == nil {
		r.Add(part, key, "is required")
		return ""
	}
	s, ok := v.(string)
	if !ok {
		r.Add(part, key, "want a text, got %T", v)
		return ""
	}
	if s = strings.TrimSpace(s); s == "" {
		r.Add(part, key, "is empty")
	}
	return s
}

// Text is [Reader.RequiredText] for a text that may be missing: "" then.
func (r *Reader) Text(part Part, key string) string {
	if r.part(part)[key] == nil {
		return ""
	}
	return r.RequiredText(part, key)
}

// RequiredSecret returns a secret of one line that must be there and not empty.
// The hint, unless empty, says in brackets what may stand in its place. A
// secret that travels in a header must not hold a line end: nothing would be
// sent at all.
func (r *Reader) RequiredSecret(key, hint string) secret.String {
	v := r.def.Secrets[key]
	switch {
	case !v.IsSet() && hint != "":
		r.Add(Secrets, key, "is required (%s)", hint)
	case !v.IsSet():
		r.Add(Secrets, key, "is required")
	case v.Equal(secret.New("")):
		r.Add(Secrets, key, "is empty")
	case strings.ContainsFunc(v.Reveal(), unicode.IsControl):
		r.Add(Secrets, key, "holds a line end or another control character: give the secret alone")
	}
	return v
}

// Secret returns a secret that may be missing: then IsSet is false.
func (r *Reader) Secret(key string) secret.String { return r.def.Secrets[key] }

// RequiredAddress returns a base URL that must be there; see [Reader.Address].
func (r *Reader) RequiredAddress(part Part, key string) string {
	if text := r.RequiredText(part, key); text != "" {
		return r.address(part, key, text)
	}
	return ""
}

// Address returns a base URL (http or https, no credentials, query or
// fragment) without its trailing slashes: the fallback if the key is not
// there, "" if its value is none.
func (r *Reader) Address(part Part, key, fallback string) string {
	text, ok := Optional[string](r, part, key)
	if !ok {
		return fallback
	}
	return r.address(part, key, text)
}

func (r *Reader) address(part Part, key, text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil: // err shows the text
		r.Add(part, key, "is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		r.Add(part, key, "want a URL with http:// or https://")
	case u.Hostname() == "":
		r.Add(part, key, "has no host")
	case u.User != nil:
		r.Add(part, key, "must not hold credentials: they belong into secrets")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		r.Add(part, key, "must not have a query or a fragment")
	default:
		return strings.TrimRight(text, "/")
	}
	return ""
}

// Optional returns the key's value if it is there, not null and of the type.
func Optional[T any](r *Reader, part Part, key string) (T, bool) {
	var none T
	v := r.part(part)[key]
	if v == nil {
		return none, false
	}
	t, ok := v.(T)
	if !ok {
		r.Add(part, key, "want a %T, got %T", none, v)
	}
	return t, ok
}

// Choice returns a text that is one of the allowed, else the fallback.
func Choice[S ~string](r *Reader, part Part, key string, fallback S, allowed ...S) S {
	v, ok := Optional[string](r, part, key)
	if !ok {
		return fallback
	}
	if slices.Contains(allowed, S(v)) {
		return S(v)
	}
	var quoted []string
	for _, a := range allowed {
		quoted = append(quoted, strconv.Quote(string(a)))
	}
	r.Add(part, key, "want %s, got %q", strings.Join(quoted, " or "), v)
	return fallback
}

// Duration returns a duration from 0 to [LongestDuration], which is one of
// Go's texts, else the fallback.
func (r *Reader) Duration(part Part, key string, fallback time.Duration) time.Duration {
	v, ok := Optional[string](r, part, key)
	if !ok {
		return fallback
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 || d > LongestDuration {
		r.Add(part, key, "want a duration such as %q, at most %v, got %q", fallback.String(), LongestDuration, v)
		return fallback
	}
	return d
}

// Span is a span of whole numbers, both ends included.
type Span struct{ Low, High int }

// Number returns a whole number within the span, else the fallback, which
// need not be within.
func (r *Reader) Number(part Part, key string, fallback int, span Span) int {
	v := r.part(part)[key]
	if v == nil {
		return fallback
	}
	n, ok := integer(v)
	if !ok || n < span.Low || n > span.High {
		r.Add(part, key, "want a whole number from %d to %d, got %v", span.Low, span.High, v)
		return fallback
	}
	return n
}

// integer reads a whole number in any form in which decoders give it.
func integer(v any) (int, bool) {
	switch v.(type) {
	case int, int64, uint64, float64, json.Number:
		n, err := strconv.ParseFloat(fmt.Sprint(v), 64)
		return int(n), err == nil && n == float64(int(n))
	}
	return 0, false
}
