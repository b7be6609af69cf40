// Package secret holds values that must never be shown.
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
)

// Redacted is what stands wherever a secret would be printed.
const Redacted = "[redacted]"

// String is a secret text. Every way of printing or encoding it gives
// [Redacted]; only [String.Reveal] gives the text. The zero value is "not set".
//
// The text sits behind a pointer because fmt does not call methods on
// unexported fields of other structs: it would print a plain string there.
type String struct{ text *string }

// New wraps text. An empty text is a secret that is set and empty.
func New(text string) String { return String{text: &text} }

// Reveal returns the text itself, "" when not set. Call it where the text
// leaves the process for the place it belongs to, and nowhere else.
func (s String) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsSet reports whether a value was given, an empty one included.
func (s String) IsSet() bool { return s.text != nil }

// Equal compares in constant time.
func (s String) Equal(other String) bool {
	return s.IsSet() == other.IsSet() &&
		subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// Format makes every fmt verb print [Redacted].
func (s String) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// String returns [Redacted].
func (s String) String() string { return Redacted }

// GoString returns [Redacted].
func (s String) GoString() string { return Redacted }

// MarshalText encodes as [Redacted]: JSON, YAML and XML encoders and zap's
// reflection all end here.
func (s String) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// MarshalYAML encodes as [Redacted].
func (s String) MarshalYAML() (any, error) { return Redacted, nil }
