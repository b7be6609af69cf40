package httpclient

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/casepush/casepush/internal/secret"
)

// minSecret is the length in bytes below which a text is not looked for: it
// would be found everywhere, and it protects nothing.
const minSecret = 4

// minCore is the least number of base64 characters that are looked for.
const minCore = 8

// Redactor replaces secrets in texts. It knows them in the forms that texts
// have: plain, in base64 (also as a part of something longer, such as a Basic
// header), percent-encoded, escaped for JSON, HTML or a Go string. Of secrets
// with several lines every line is looked for too. The zero value and a nil
// Redactor replace nothing. It is safe for concurrent use and never printed:
// it holds the secrets.
type Redactor struct {
	replacer *strings.Replacer
	cores    []string // base64: what stands around belongs to it
}

// NewRedactor makes a redactor for the given secrets. Secrets of less than
// 4 bytes are left aside.
func NewRedactor(secrets ...secret.String) *Redactor {
	var needles []string
	r := &Redactor{}
	for _, s := range secrets {
		text := s.Reveal()
		parts := []string{text}
		if strings.ContainsAny(text, "\r\n") {
			parts = append(parts, strings.FieldsFunc(text, func(r rune) bool { return r == '\r' || r == '\n' })...)
		}
		for _, p := range parts {
			if len(p) >= minSecret {
				needles = append(needles, forms(p)...)
				r.cores = append(r.cores, base64Cores(p)...)
			}
		}
	}
	// Longest first: a secret may contain another one.
	slices.SortFunc(needles, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, n := range slices.Compact(needles) {
		pairs = append(pairs, n, secret.Redacted)
	}
	r.replacer = strings.NewReplacer(pairs...)
	return r
}

// Redact returns text with every secret replaced by [secret.Redacted].
func (r *Redactor) Redact(text string) string {
	if r == nil || r.replacer == nil {
		return text
	}
	text = r.replacer.Replace(text)
	for _, core := range r.cores {
		text = replaceToken(text, core)
	}
	return text
}

// String keeps fmt from printing the secrets.
func (r *Redactor) String() string { return secret.Redacted }

// GoString keeps fmt from printing the secrets.
func (r *Redactor) GoString() string { return secret.Redacted }

// forms are the ways in which s is written as a whole.
func forms(s string) []string {
	out := []string{
		s,
		html.EscapeString(s),
		unquoted(strconv.Quote(s)), unquoted(strconv.QuoteToASCII(s)),
		base64.StdEncoding.EncodeToString([]byte(s)), base64.RawStdEncoding.EncodeToString([]byte(s)),
		base64.URLEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)),
	}
	for _, escaped := range []string{url.QueryEscape(s), url.PathEscape(s)} {
		out = append(out, escaped, lowerPercent(escaped))
	}
	var b strings.Builder
	for _, escape := range []bool{true, false} {
		b.Reset()
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(escape)
		if enc.Encode(s) == nil {
			out = append(out, unquoted(strings.TrimSuffix(b.String(), "\n")))
		}
	}
	return out
}

func unquoted(s string) string { return s[1 : len(s)-1] }

// lowerPercent writes %2F as %2f, as some servers do.
func lowerPercent(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

// base64Cores are the characters that stand for s in the base64 of any text
// that contains it, one for each offset of s in a group of three bytes.
func base64Cores(s string) []string {
	var out []string
	for offset := range 3 {
		padded := append(make([]byte, offset), s...)
		whole := len(padded) / 3 * 4    // characters that no later byte can change
		first := []int{0, 2, 3}[offset] // characters that an earlier byte has a part in
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := enc.EncodeToString(padded)
			if core := text[min(first, whole):whole]; len(core) >= minCore && !slices.Contains(out, core) {
				out = append(out, core)
			}
		}
	}
	return out
}

// replaceToken replaces every base64 text in which core occurs.
func replaceToken(text, core string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, core)
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		start, end := i, i+len(core)
		for start > 0 && isBase64(text[start-1]) {
			start--
		}
		for end < len(text) && isBase64(text[end]) {
			end++
		}
		b.WriteString(text[:start])
		b.WriteString(secret.Redacted)
		text = text[end:]
	}
}

func isBase64(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("+/-_=", c) >= 0
}
