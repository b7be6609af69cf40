package webhook

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/definition"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/secret"
)

// ownHeaders belong to the connection, which is the HTTP client's business.
var ownHeaders = []string{"Accept-Encoding", "Connection", "Content-Length", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// readHeaders adds the definition's own headers to what is set already. As in
// Kibana the later wins: content type, Authorization, headers, secretHeaders.
func (s *settings) readHeaders(r *definition.Reader, def connector.Definition) {
	s.setHeader("Content-Type", secret.New("application/json"))
	switch v := def.Config["headers"].(type) {
	case nil:
	case map[string]any:
		s.addHeaders(r, definition.Config, "headers", v)
	case string: // as the older document has it
		s.addText(r, definition.Config, "headers", v)
	default:
		r.Add(definition.Config, "headers", "want an object of texts, got %T", v)
	}
	if v := r.Secret("secretHeaders"); v.IsSet() {
		s.addText(r, definition.Secrets, "secretHeaders", v.Reveal())
	}
}

// addText adds the headers of a JSON object.
func (s *settings) addText(r *definition.Reader, part definition.Part, key, text string) {
	headers, err := wire.DecodeAs[map[string]any]([]byte(text))
	if err != nil || headers == nil {
		r.Add(part, key, "want a JSON object of texts")
		return
	}
	s.addHeaders(r, part, key, headers)
}

func (s *settings) addHeaders(r *definition.Reader, part definition.Part, key string, headers map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		value, ok := headers[name].(string)
		switch canonical := http.CanonicalHeaderKey(name); {
		case !isToken(name):
			r.Add(part, key, "%q is no name of a header", name)
		case !ok:
			r.Add(part, key, "header %q: want a text, got %T", name, headers[name])
		case strings.TrimSpace(value) == "":
			r.Add(part, key, "header %q: is empty", name)
		case strings.ContainsFunc(value, isControl):
			r.Add(part, key, "header %q: holds a line end or another control character", name)
		case canonical == idempotencyHeader:
			r.Warn(part, key, "header "+canonical+" is left aside: with one key for all, every create would be the first one; delivery.<id>.idempotency_key sends one for each")
		case slices.Contains(ownHeaders, canonical):
			r.Warn(part, key, "header "+canonical+" is left aside: the HTTP client sets it")
		default:
			s.setHeader(canonical, secret.New(value))
		}
	}
}

// setHeader sets a header, or replaces it.
func (s *settings) setHeader(canonical string, value secret.String) {
	if s.headers == nil {
		s.headers = map[string]secret.String{}
	}
	s.headers[canonical] = value
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// isToken reports whether a text can be a header's name.
func isToken(name string) bool {
	const others = "!#$%&'*+-.^_`|~"
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune(others, r)
	})
}
