package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Secrets that can be told from everything else. They have characters that
// encodings change.
const (
	canaryKibana = "canary-id:canary/kibana+key=51c2"
	canaryJira   = "canary/jira+token=7f3a"
	canaryPAT    = "canary/pat+jira=c09e"
	canaryNATS   = "canary/nats+pass=44d1"
	canaryWrong  = "canary/wrong+pass=9b07"
	canaryHTTP   = "canary/http+token=e6a8-long-enough-for-a-token"
	canarySlack  = "https://hooks.example/canary/slack+hook=20fb"
)

func canaries() []string {
	return []string{canaryKibana, canaryJira, canaryPAT, canaryNATS, canaryWrong, canaryHTTP, canarySlack}
}

// forms are the ways in which a text may stand in another: plain, URL-encoded,
// in hex, and in base64 of either alphabet at each of its three alignments,
// since it may be a part of what was encoded ("user:password").
func forms(text string) []string {
	list := []string{text, url.QueryEscape(text), url.PathEscape(text), hex.EncodeToString([]byte(text)), strings.ReplaceAll(text, "/", `\/`)}
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			encoded := enc.EncodeToString([]byte(strings.Repeat("x", shift) + text))
			// The first characters depend on what stands before, the last ones on what follows.
			from, to := (shift*8+5)/6, (shift+len(text))*8/6
			list = append(list, encoded[from:to])
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// shows lists the texts that stand in some form in where.
func shows(where string, texts ...string) []string {
	var found []string
	for _, text := range texts {
		if slices.ContainsFunc(forms(text), func(f string) bool { return strings.Contains(where, f) }) {
			found = append(found, text)
		}
	}
	return found
}

// TestShows: the search finds what is there, in every form and among others,
// and nothing where nothing is.
func TestShows(t *testing.T) {
	t.Parallel()
	for _, c := range canaries() {
		for form, where := range map[string]string{
			"plain": "token " + c + " refused", "query": "https://h/?token=" + url.QueryEscape(c) + "&x=1", "path": "https://h/" + url.PathEscape(c),
			"base64":       base64.StdEncoding.EncodeToString([]byte(c)),
			"basic":        "Basic " + base64.StdEncoding.EncodeToString([]byte("admin@hms.example:"+c)),
			"basic, other": "Basic " + base64.StdEncoding.EncodeToString([]byte("me@hms.example:"+c+"\n")),
			"basic, third": "Basic " + base64.URLEncoding.EncodeToString([]byte("i@hms.example:"+c+"..")),
			"hex":          hex.EncodeToString([]byte("x" + c)), "json": strings.ReplaceAll(c, "/", `\/`),
		} {
			if got := shows("before "+where+" after", canaries()...); len(got) != 1 || got[0] != c {
				t.Errorf("%s of %q: found %q", form, c, got)
			}
		}
		if got := shows("before "+c[:len(c)-1]+" after", c); got != nil {
			t.Errorf("found %q where most of it is", got)
		}
	}
}
