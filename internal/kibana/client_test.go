package kibana_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/secret"
)

func TestNewRefuses(t *testing.T) {
	good := kibana.Options{URL: "https://k:5601/base/", APIKey: secret.New("abc"), HTTP: http.DefaultClient}
	if _, err := kibana.New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*kibana.Options){
		"no url":              func(o *kibana.Options) { o.URL = "" },
		"no scheme":           func(o *kibana.Options) { o.URL = "kibana:5601" },
		"no host":             func(o *kibana.Options) { o.URL = "https:///x" },
		"password in url":     func(o *kibana.Options) { o.URL = "https://u:canary-secret@k" },
		"query":               func(o *kibana.Options) { o.URL = "https://k/?token=canary-secret" },
		"control character":   func(o *kibana.Options) { o.URL = "https://k/canary-secret\x7f" },
		"no http client":      func(o *kibana.Options) { o.HTTP = nil },
		"no credentials":      func(o *kibana.Options) { o.APIKey = secret.String{} },
		"empty key":           func(o *kibana.Options) { o.APIKey = secret.New(" \n") },
		"two credentials":     func(o *kibana.Options) { o.Username = "u" },
		"line break in a key": func(o *kibana.Options) { o.APIKey = secret.New("canary-secret\r\nX: y") },
		"no password":         func(o *kibana.Options) { o.APIKey, o.Username = secret.String{}, "u" },
	} {
		o := good
		spoil(&o)
		_, err := kibana.New(o)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if strings.Contains(err.Error(), "canary-secret") {
			t.Errorf("%s: the error shows a secret: %v", name, err)
		}
	}
}

func TestClientShowsNoSecret(t *testing.T) {
	c := newClient(t, kibana.Options{URL: "http://127.0.0.1:1", APIKey: secret.New(canary)})
	if text := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(text, canary) {
		t.Errorf("printing the client shows the key: %s", text)
	}
	_, err := c.Configuration(t.Context(), "default", "cases")
	wantKind(t, err, connector.Transient)
}

func TestRequestShape(t *testing.T) {
	for _, tt := range []struct {
		name          string
		options       kibana.Options
		space, id     string
		path          string
		authorization string
	}{
		{"default space", kibana.Options{APIKey: secret.New("abc")}, "default", "c-1", "/api/cases/c-1", "ApiKey abc"},
		{"no space", kibana.Options{APIKey: secret.New(" abc\n")}, "", "c-1", "/api/cases/c-1", "ApiKey abc"},
		{"key as a pair", kibana.Options{APIKey: secret.New("id:key")}, "", "c-1", "/api/cases/c-1", "ApiKey aWQ6a2V5"},
		{"basic", kibana.Options{Username: "u", Password: secret.New("p")}, "soc", "c-1", "/s/soc/api/cases/c-1", "Basic dTpw"},
		{"escaping", kibana.Options{APIKey: secret.New("abc")}, "a/b", "../x?y#z%2f", "/s/a%2Fb/api/cases/..%2Fx%3Fy%23z%252f", "ApiKey abc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, "9.1.0")
			var got *http.Request
			w.mux.HandleFunc("/base/", func(rw http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/status") {
					give(rw, map[string]any{"version": map[string]any{"number": "9.1.0"}})
					return
				}
				got = r
				give(rw, map[string]any{"id": tt.id})
			})
			o := tt.options
			o.URL = w.URL + "/base/"
			if _, err := newClient(t, o).Case(t.Context(), tt.space, tt.id, kibana.What{}); err != nil {
				t.Fatal(err)
			}
			if got.RequestURI != "/base"+tt.path {
				t.Errorf("asked %s, want %s", got.RequestURI, "/base"+tt.path)
			}
			if a := got.Header.Get("Authorization"); a != tt.authorization {
				t.Errorf("authorization %q, want %q", a, tt.authorization)
			}
			if got.Header.Get("kbn-xsrf") != "" {
				t.Error("a read carries kbn-xsrf")
			}
		})
	}
}

func TestWriteShape(t *testing.T) {
	w := newWire(t, "8.12.0")
	var header http.Header
	var body string
	w.mux.HandleFunc("PATCH /s/soc/api/cases", func(rw http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		header, body = r.Header, string(b)
		give(rw, []any{map[string]any{"id": "c-1", "status": "closed"}})
	})
	if _, err := w.client(t).Close(t.Context(), "soc", "c-1", kibana.CloseOptions{Version: "WzEsMV0="}); err != nil {
		t.Fatal(err)
	}
	if want := `{"cases":[{"id":"c-1","version":"WzEsMV0=","status":"closed"}]}`; body != want {
		t.Errorf("body %s, want %s", body, want)
	}
	if header.Get("kbn-xsrf") == "" || header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v: want kbn-xsrf and a content type", header)
	}
}

func TestIDsThatAreNoPath(t *testing.T) {
	w := newWire(t, "9.1.0")
	c := w.client(t)
	for _, id := range []string{"", ".", ".."} {
		_, err := c.Case(t.Context(), "default", id, kibana.What{})
		if e := wantKind(t, err, connector.Rejected); e.Effect != connector.NotApplied {
			t.Errorf("id %q: effect %v", id, e.Effect)
		}
	}
	_, err := c.Case(t.Context(), "..", "c-1", kibana.What{})
	wantKind(t, err, connector.Rejected)
	if n := w.asked("GET", "/api/cases/"); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestRefusals(t *testing.T) {
	for status, kind := range map[int]connector.Kind{
		400: connector.Rejected, 401: connector.Unauthenticated, 403: connector.Forbidden, 404: connector.NotFound,
		409: connector.Conflict, 429: connector.RateLimited, 500: connector.Transient, 503: connector.Transient,
	} {
		w := newWire(t, "9.1.0")
		w.mux.HandleFunc("GET /api/cases/c-1", func(rw http.ResponseWriter, _ *http.Request) {
			refuse(rw, status, "Kibana's own words")
		})
		_, err := w.client(t).Case(t.Context(), "default", "c-1", kibana.What{})
		e := wantKind(t, err, kind)
		if e.Status != status || e.Effect != connector.NotApplied || !strings.Contains(e.Error(), "Kibana's own words") {
			t.Errorf("%d: %v (effect %v)", status, e, e.Effect)
		}
	}
}

func TestHostileAnswers(t *testing.T) {
	for name, body := range map[string]string{
		"login page":  "<!DOCTYPE html><html><body>log in</body></html>",
		"empty":       "",
		"null":        "null",
		"list":        "[]",
		"empty case":  "{}",
		"other case":  `{"id":"c-2"}`,
		"cut off":     `{"id":"c-1","title":"x`,
		"wrong types": `{"id":"c-1","title":{"a":1}}`,
		"bad time":    `{"id":"c-1","created_at":"yesterday"}`,
		"deep":        `{"id":"c-1","x":` + strings.Repeat("[", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t, "9.1.0")
			w.json("GET /api/cases/c-1", body)
			_, err := w.client(t).Case(t.Context(), "default", "c-1", kibana.What{})
			if e := wantKind(t, err, connector.Transient); e.Effect != connector.NotApplied {
				t.Errorf("effect %v: a read applies nothing", e.Effect)
			}
		})
	}
}
