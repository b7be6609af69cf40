package httpclient

import (
	"encoding/base64"
	"net/http"
	"strings"
	"unicode"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/secret"
)

// maxWords bounds the tracker's words in an error, in characters.
const maxWords = 500

// tidy makes words of a tracker fit for an error: without secrets, in one
// line, bounded.
func tidy(words string, r *Redactor) string {
	// Twice, since joining lines may join a secret that was wrapped.
	words = r.Redact(oneLine(r.Redact(words)))
	head, rest := connector.Limit{Max: maxWords, Unit: connector.Runes}.Cut(words)
	if rest != "" {
		head += "…"
	}
	return head
}

// oneLine replaces every run of white space and control characters by a space.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
}

// plainHeaders hold no credentials.
var plainHeaders = map[string]bool{
	"Accept": true, "Accept-Encoding": true, "Accept-Language": true, "Cache-Control": true, "Content-Length": true,
	"Content-Type": true, "If-Match": true, "User-Agent": true, "X-Atlassian-Token": true, "X-Requested-With": true,
}

// secretParams are what names of query parameters with credentials contain.
var secretParams = []string{"token", "secret", "passw", "apikey", "api_key", "api-key", "auth", "credential", "sig"}

// credentials collects what the request carries that a tracker might repeat:
// the values of all headers that are not known to be plain, the credentials
// within an Authorization, the URL's password and its telling parameters.
func credentials(req *http.Request) *Redactor {
	var found []secret.String
	add := func(s string) { found = append(found, secret.New(s)) }
	for name, values := range req.Header {
		for _, v := range values {
			if plainHeaders[http.CanonicalHeaderKey(name)] {
				continue
			}
			add(v)
			if _, token, ok := strings.Cut(v, " "); ok && strings.HasSuffix(http.CanonicalHeaderKey(name), "Authorization") {
				add(token)
				if pair, err := base64.StdEncoding.DecodeString(token); err == nil {
					add(string(pair))
					_, password, _ := strings.Cut(string(pair), ":")
					add(password)
				}
			}
		}
	}
	if password, ok := req.URL.User.Password(); ok {
		add(password)
	}
	for name, values := range req.URL.Query() {
		for _, part := range secretParams {
			if strings.Contains(strings.ToLower(name), part) {
				for _, v := range values {
					add(v)
				}
				break
			}
		}
	}
	return NewRedactor(found...)
}
