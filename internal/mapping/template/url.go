package template

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

// RenderURL renders a URL. A variable that stays empty is an error, unlike in
// Kibana: …/issue/{{{external.system.ID}}} would name all issues. So is one that
// is "." or "..", which no encoding keeps from being a step in the path.
func (t *Template) RenderURL(vars Vars) (string, error) {
	data, err := normalize(map[string]any(vars), "", asURL, maxDepth)
	if err != nil {
		return "", badURL(t.place, err)
	}
	if name := unresolved(t.parsed.Tags(), []any{data}); name != "" {
		return "", badURL(t.place, fmt.Errorf("variable %q has no value", name))
	}
	out, err := t.execute(data)
	if err != nil {
		return "", badURL(t.place, err)
	}
	return CleanURL(t.place, out)
}

// CleanURL checks a URL that is complete and returns it as it is sent: without
// one trailing slash, runs of slashes after the scheme as one. The URL for
// creating cases is such a one: Kibana does not render it.
func CleanURL(place Place, raw string) (string, error) {
	raw = strings.TrimSpace(raw)
	if strings.Contains(raw, "{{") {
		return "", badURL(place, errors.New("there is a variable, which has no value here"))
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" {
		return "", badURL(place, invalidURL)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "", badURL(place, invalidProtocol)
	}
	if u.Hostname() == "" {
		return "", badURL(place, invalidURL)
	}
	return collapse(strings.TrimSuffix(raw, "/")), nil
}

// words are an error in Kibana's words.
type words string

func (w words) Error() string { return string(w) }

const (
	invalidURL      = words("Invalid URL")
	invalidProtocol = words("Invalid protocol")
)

// badURL does not wrap url.Error: it quotes the URL, which may hold a token.
func badURL(p Place, err error) error {
	return fmt.Errorf("%w: Invalid %s URL: Error: %w", connector.ErrTemplate, p, err)
}

// collapse drops a slash that follows another one, unless that stands after a colon.
func collapse(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		n := len(out)
		if s[i] == '/' && n >= 2 && out[n-1] == '/' && out[n-2] != ':' {
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}

// asURL is the encoding of URLs.
func asURL(path string, v any) (any, error) {
	if v == nil {
		return "", nil
	}
	s, ok := v.(string)
	if !ok {
		s = stringify(v)
	}
	if s == "." || s == ".." {
		return nil, fmt.Errorf("variable %q is a step in the path", path)
	}
	return encodeURIComponent(s), nil
}

// encodeURIComponent is JavaScript's. Bytes that are no UTF-8 become U+FFFD.
func encodeURIComponent(s string) string {
	const kept = "-_.!~*'()"
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(strings.ToValidUTF8(s, "\uFFFD")) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(kept, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
