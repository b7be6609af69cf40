package definition_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/definition"
	"github.com/casepush/casepush/internal/secret"
)

type m = map[string]any

// reader reads keys of delivery.
func reader(delivery m) *definition.Reader {
	return definition.NewReader(".tiny", connector.Definition{Delivery: delivery})
}

// wantProblems wants these problems, each given by the beginning of its path
// and message: "delivery.n: want a whole number".
func wantProblems(t *testing.T, r *definition.Reader, want ...string) {
	t.Helper()
	var got []string
	for i, p := range r.Problems() {
		text := strings.Join(p.Path, ".") + ": " + p.Message
		if p.Warning {
			text = "(warning) " + text
		}
		if strings.Contains(text, "canary") {
			t.Errorf("%q shows a secret", text)
		}
		if i < len(want) && strings.HasPrefix(text, want[i]) {
			text = want[i]
		}
		got = append(got, text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestKnown(t *testing.T) {
	r := definition.NewReader(".tiny", connector.Definition{
		Config: m{"url": 1, "zz": 1, "Url": 1}, Secrets: map[string]secret.String{"url": secret.New("canary"), "token": secret.New("canary")},
	})
	r.Known(definition.Config, "url", "other")
	r.Known(definition.Secrets, "token")
	r.Known(definition.Delivery)
	wantProblems(t, r, "config.Url: is not a key of .tiny connectors; the keys are url, other", "config.zz: is not", "secrets.url: is not a key")
}

func TestErr(t *testing.T) {
	r := reader(nil)
	r.Warn(definition.Config, "a", "odd")
	if err := r.Err(); err != nil {
		t.Errorf("a warning is an error: %v", err)
	}
	r.Add(definition.Config, "b", "bad %d", 1)
	r.Add(definition.Config, "c", "bad %d", 2)
	if err := r.Err(); err == nil || err.Error() != "[config b]: bad 1" {
		t.Errorf("error %v, want the first", err)
	}
	wantProblems(t, r, "(warning) config.a: odd", "config.b: bad 1", "config.c: bad 2")
}

func TestText(t *testing.T) {
	r := reader(m{"good": " x ", "null": nil, "number": 1, "blank": " "})
	for key, want := range map[string]string{"good": "x", "null": "", "missing": ""} {
		if got := r.Text(definition.Delivery, key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	r.Text(definition.Delivery, "number")
	r.Text(definition.Delivery, "blank")
	wantProblems(t, r, "delivery.number: want a text, got int", "delivery.blank: is empty")
}

func TestRequired(t *testing.T) {
	r := definition.NewReader(".tiny", connector.Definition{
		Config:  m{"good": " x ", "null": nil, "number": 1, "blank": " \n"},
		Secrets: map[string]secret.String{"good": secret.New("canary"), "empty": secret.New(""), "lines": secret.New("canary\nX: y")},
	})
	if got := r.RequiredText(definition.Config, "good"); got != "x" {
		t.Errorf("%q, want it without white space", got)
	}
	for _, key := range []string{"absent", "null", "number", "blank"} {
		if got := r.RequiredText(definition.Config, key); got != "" {
			t.Errorf("%s: %q", key, got)
		}
	}
	if got := r.RequiredSecret("good", ""); got.Reveal() != "canary" {
		t.Error("another secret")
	}
	r.RequiredSecret("absent", "")
	r.RequiredSecret("absent", "or none")
	r.RequiredSecret("empty", "or none")
	r.RequiredSecret("lines", "")
	if r.Secret("absent").IsSet() || !r.Secret("empty").IsSet() {
		t.Error("Secret: set and missing are mixed up")
	}
	wantProblems(t, r,
		"config.absent: is required", "config.null: is required", "config.number: want a text, got int", "config.blank: is empty",
		"secrets.absent: is required", "secrets.absent: is required (or none)", "secrets.empty: is empty",
		"secrets.lines: holds a line end or another control character: give the secret alone")
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		"https://h": "", "http://h:8080/path//": "",
		"h": "want a URL with http", "ftp://h": "want a URL with http", "https:///x": "has no host", "https://h:port/canary": "is not a URL",
		"https://u:canary@h": "must not hold credentials", "https://h?a=canary": "must not have a query", "https://h?": "must not have a query", "https://h#canary": "must not have a query",
	} {
		r := reader(m{"url": text})
		got := r.Address(definition.Delivery, "url", "https://fallback")
		required := definition.NewReader(".tiny", connector.Definition{Config: m{"url": text}})
		if again := required.RequiredAddress(definition.Config, "url"); again != got {
			t.Errorf("%q: %q, as a required one %q", text, got, again)
		}
		if want != "" {
			wantProblems(t, r, "delivery.url: "+want)
			wantProblems(t, required, "config.url: "+want)
			text = ""
		}
		if got != strings.TrimRight(text, "/") {
			t.Errorf("%q: %q", text, got)
		}
	}
	r := reader(nil)
	if got := r.Address(definition.Delivery, "url", "https://fallback"); got != "https://fallback" {
		t.Errorf("absent: %q", got)
	}
	wantProblems(t, r)
	r.RequiredAddress(definition.Config, "url")
	wantProblems(t, r, "config.url: is required")
}

func TestChoice(t *testing.T) {
	type flavour string
	r := reader(m{"good": "sour", "bad": "salty", "number": 1})
	for key, want := range map[string]flavour{"good": "sour", "absent": "sweet"} {
		if got := definition.Choice[flavour](r, definition.Delivery, key, "sweet", "sweet", "sour"); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	for _, key := range []string{"bad", "number"} {
		if got := definition.Choice[flavour](r, definition.Delivery, key, "sweet", "sweet", "sour"); got != "sweet" {
			t.Errorf("%s: %q", key, got)
		}
	}
	wantProblems(t, r, `delivery.bad: want "sweet" or "sour", got "salty"`, "delivery.number: want a string, got int")
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"0s": 0, "1m30s": 90 * time.Second, "24h": 24 * time.Hour} {
		r := reader(m{"d": text})
		if got := r.Duration(definition.Delivery, "d", time.Second); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
		wantProblems(t, r)
	}
	for _, v := range []any{"2", "-1s", "24h1ns", "", 5} {
		r := reader(m{"d": v})
		if got := r.Duration(definition.Delivery, "d", time.Second); got != time.Second {
			t.Errorf("%v: %v, want the fallback", v, got)
		}
		wantProblems(t, r, "delivery.d: want a ")
	}
	if got := reader(nil).Duration(definition.Delivery, "d", time.Second); got != time.Second {
		t.Errorf("absent: %v", got)
	}
}

func TestNumber(t *testing.T) {
	span := definition.Span{Low: 1, High: 1000}
	for _, v := range []any{int(7), int64(7), uint64(7), float64(7), json.Number("7")} {
		r := reader(m{"n": v})
		if got := r.Number(definition.Delivery, "n", 0, span); got != 7 {
			t.Errorf("%T: %d, want 7", v, got)
		}
		wantProblems(t, r)
	}
	for _, v := range []any{0, 1001, 1.5, "7", true, json.Number("1e400"), json.Number("1e18"), -1} {
		r := reader(m{"n": v})
		if got := r.Number(definition.Delivery, "n", 0, span); got != 0 {
			t.Errorf("%v: %d, want the fallback", v, got)
		}
		wantProblems(t, r, "delivery.n: want a whole number from 1 to 1000, got")
	}
	if got := reader(m{"n": nil}).Number(definition.Delivery, "n", -5, span); got != -5 {
		t.Errorf("null: %d, want the fallback", got)
	}
}
