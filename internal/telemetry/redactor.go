package telemetry

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/casepush/casepush/internal/secret"
)

// minSecretBytes: a shorter text occurs everywhere by chance, and replacing it
// would make lines unreadable and show by the gaps what it is.
const minSecretBytes = 4

// Redactor replaces every secret it has been told of by [secret.Redacted],
// also where the secret stands as part of a URL or in Base64. It is the last
// net under the rule that secrets are never logged, not a reason to log them.
// The zero value knows none. It is safe for concurrent use.
type Redactor struct {
	mu       sync.Mutex // held by Add
	known    map[string]bool
	replacer atomic.Pointer[strings.Replacer]
}

// Add makes secrets known. Those that are shorter than 4 bytes are left aside.
// Nothing is ever forgotten: a secret that was replaced may still be in use by
// a request under way.
func (r *Redactor) Add(secrets ...secret.String) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = make(map[string]bool)
	}
	for _, s := range secrets {
		if text := s.Reveal(); len(text) >= minSecretBytes {
			for _, form := range forms(text) {
				r.known[form] = true
			}
		}
	}
	r.replacer.Store(newReplacer(r.known))
}

// Redact returns text without the secrets.
func (r *Redactor) Redact(text string) string {
	replacer := r.replacer.Load()
	if replacer == nil {
		return text
	}
	return replacer.Replace(text)
}

// forms are the shapes in which a secret may turn up. Base64 covers the secret
// alone; of a pair "user:password" give the pair too.
func forms(text string) []string {
	return []string{
		text,
		url.QueryEscape(text),
		url.PathEscape(text),
		base64.StdEncoding.EncodeToString([]byte(text)),
		base64.URLEncoding.EncodeToString([]byte(text)),
		base64.RawURLEncoding.EncodeToString([]byte(text)),
	}
}

// newReplacer puts longer forms first: where one secret begins another, the
// rest of the longer one must not stay.
func newReplacer(known map[string]bool) *strings.Replacer {
	texts := make([]string, 0, len(known))
	for text := range known {
		texts = append(texts, text)
	}
	slices.SortFunc(texts, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	pairs := make([]string, 0, 2*len(texts))
	for _, text := range texts {
		pairs = append(pairs, text, secret.Redacted)
	}
	return strings.NewReplacer(pairs...)
}
