package httpclient_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
)

// planted writes a secret in every form in which it may turn up.
func planted(s string) map[string]string {
	inJSON, _ := json.Marshal(map[string]string{"token": s})
	var plainJSON strings.Builder
	enc := json.NewEncoder(&plainJSON)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s)
	return map[string]string{
		"plain": s, "JSON": string(inJSON), "JSON without HTML escapes": plainJSON.String(), "%q": fmt.Sprintf("%q", s), "%+q": fmt.Sprintf("%+q", s),
		"query": url.QueryEscape(s), "path": url.PathEscape(s), "query, lower case": strings.ToLower(url.QueryEscape(strings.ToLower(s))), "HTML": html.EscapeString(s),
		"base64": base64.StdEncoding.EncodeToString([]byte(s)), "base64 URL": base64.URLEncoding.EncodeToString([]byte(s)),
		"raw base64": base64.RawStdEncoding.EncodeToString([]byte(s)), "raw base64 URL": base64.RawURLEncoding.EncodeToString([]byte(s)),
		"basic": base64.StdEncoding.EncodeToString([]byte("moneypenny@hms.example:" + s)), "basic, other offset": base64.StdEncoding.EncodeToString([]byte("m:" + s)),
		"basic, third offset": base64.StdEncoding.EncodeToString([]byte("me:" + s)), "base64 amid": base64.URLEncoding.EncodeToString([]byte("a" + s + "bc")),
	}
}

func TestRedactor(t *testing.T) {
	for _, s := range []string{"s3cr3t-token+with/odd=chars", `quo"te\back<tag>&'`, "pass word", "ünïcödé-😀", "12345678", "\x00bin\xff\xfeary~~"} {
		r := httpclient.NewRedactor(secret.New("another"), secret.New(s))
		for form, text := range planted(s) {
			if form == "query, lower case" && s != strings.ToLower(s) {
				continue
			}
			got := r.Redact("before " + text + " after")
			if strings.Contains(got, text) || !strings.Contains(got, secret.Redacted) {
				t.Errorf("secret %q as %s: %q survives", s, form, got)
			}
			if !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") {
				t.Errorf("secret %q as %s: too much is gone: %q", s, form, got)
			}
		}
	}
}

func TestRedactorEdges(t *testing.T) {
	key := "-----BEGIN KEY-----\nAAAABBBBCCCC\r\nDDDDEEEEFFFF\n-----END KEY-----\n"
	r := httpclient.NewRedactor(secret.New("abc"), secret.New(""), secret.String{}, secret.New("token"), secret.New("token-long"), secret.New(key))
	for in, want := range map[string]string{
		"abc stays":                      "abc stays",
		"token-long, token":              "[redacted], [redacted]",
		"one line DDDDEEEEFFFF of a key": "one line [redacted] of a key",
		"":                               "",
		strings.TrimSpace(key):           "[redacted]\n[redacted]\r\n[redacted]\n[redacted]",
	} {
		if got := r.Redact(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	var none *httpclient.Redactor
	if none.Redact("x") != "x" || (&httpclient.Redactor{}).Redact("x") != "x" {
		t.Error("a nil or zero redactor changes texts")
	}
	if got := fmt.Sprintf("%v %+v %#v %s", r, r, r, r); strings.Contains(got, "token") {
		t.Errorf("the redactor shows its secrets: %s", got)
	}
}

// TestRedactorProperty: whatever the secret and whatever stands around it, no
// form of it is left, and texts without it stay as they are.
func TestRedactorProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringN(8, 60, -1).Draw(t, "secret")
		before := rapid.StringOf(rapid.RuneFrom([]rune(" .,:;ab"))).Draw(t, "before")
		after := rapid.StringOf(rapid.RuneFrom([]rune(" .,:;ab"))).Draw(t, "after")
		r := httpclient.NewRedactor(secret.New(s))
		for form, text := range planted(s) {
			if form == "query, lower case" {
				continue
			}
			// A blank on both sides: base64 runs into what touches it.
			got := r.Redact(before + " " + text + " " + after)
			if strings.Contains(strings.ReplaceAll(got, secret.Redacted, ""), text) {
				t.Fatalf("as %s: %q survives in %q", form, text, got)
			}
		}
		if quiet := "nothing to hide here 1234"; !strings.Contains(quiet, s) && r.Redact(quiet) != quiet {
			t.Fatalf("%q became %q", quiet, r.Redact(quiet))
		}
	})
}
