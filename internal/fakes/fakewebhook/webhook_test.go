package fakewebhook

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakestest"
	"github.com/casepush/casepush/internal/secret"
)

const sampleIncident = `{"title":"Phishing","description":"D","tags":["a","b c"],"severity":"high","status":"open","case_id":"c-1"}`

func TestCreateReadUpdateComment(t *testing.T) {
	t.Parallel()
	f := New(Options{})
	status, created := fakestest.Call(t, f, "POST", "/api/incidents", sampleIncident)
	if status != 201 || created["id"] != "1001" || created["reference"] != nil {
		t.Fatalf("create: %d %v", status, created)
	}
	status, shown := fakestest.Call(t, f, "GET", "/api/incidents/1001", "")
	if status != 200 || shown["reference"] != "INC-1001" || shown["title"] != "Phishing" || fmt.Sprint(shown["tags"]) != "[a b c]" {
		t.Fatalf("read: %d %v", status, shown)
	}
	if _, same := fakestest.Call(t, f, "POST", "/api/incidents/lookup", `{"id":"1001"}`); fmt.Sprint(same) != fmt.Sprint(shown) {
		t.Errorf("lookup: %v", same)
	}
	for _, step := range []struct{ method, body, title, description string }{
		{"PATCH", `{"title":"Second"}`, "Second", "D"},
		{"POST", `{"description":"E"}`, "Second", "E"},
		{"PUT", `{"title":"Third"}`, "Third", ""},
	} {
		status, shown := fakestest.Call(t, f, step.method, "/api/incidents/1001", step.body)
		if status != 200 || shown["title"] != step.title || shown["description"] != step.description {
			t.Errorf("%s %s: %d %v", step.method, step.body, status, shown)
		}
	}
	for _, method := range []string{"POST", "PUT", "PATCH"} {
		if status, c := fakestest.Call(t, f, method, "/api/incidents/1001/comments", `{"text":"by `+method+`"}`); status != 201 || c["text"] != "by "+method {
			t.Errorf("comment by %s: %d %v", method, status, c)
		}
	}
	if _, v := fakestest.Call(t, f, "GET", "/api/incidents/1001/comments", ""); len(v["comments"].([]any)) != 3 {
		t.Errorf("comments: %v", v)
	}
	if n := len(f.Journal().Writes()); n != 7 {
		t.Errorf("writes in the journal: %d, want 7", n)
	}
	if !f.Delete("1001") || f.Delete("1001") || len(f.Incidents()) != 0 {
		t.Errorf("after Delete: %v", f.Incidents())
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	f := New(Options{})
	fakestest.Call(t, f, "POST", "/api/incidents", sampleIncident)
	before := fmt.Sprint(f.Incidents())
	for _, tc := range []struct {
		method, path, body string
		status             int
		words              string
	}{
		{"POST", "", `{"title":" "}`, 422, "title: must not be blank"},
		{"POST", "", `{}`, 422, "title: must not be blank"},
		{"POST", "", `{"title":1}`, 422, "title: must be string"},
		{"POST", "", `{"title":"T","tags":["a",1]}`, 422, "tags"},
		{"POST", "", `{"title":"T","priority":"P1"}`, 422, `unknown field "priority"`},
		{"POST", "", `{"title":"T"`, 400, "the body is no JSON object"},
		{"POST", "", `["T"]`, 400, "the body is no JSON object"},
		{"POST", "", `null`, 400, "the body is no JSON object"},
		{"POST", "", ``, 415, "the content type must be application/json"},
		{"PUT", "/1001", `{"description":"without a title"}`, 422, "title"},
		{"PATCH", "/1001", `{"title":""}`, 422, "title"},
		{"PUT", "/9", sampleIncident, 404, "there is no such incident"},
		{"GET", "/9", ``, 404, "there is no such incident"},
		{"POST", "/lookup", `{"id":"9"}`, 404, "there is no such incident"},
		{"POST", "/lookup", `{"key":"9"}`, 422, "unknown field"},
		{"POST", "/9/comments", `{"text":"x"}`, 404, "there is no such incident"},
		{"GET", "/9/comments", ``, 404, "there is no such incident"},
		{"POST", "/1001/comments", `{"text":"\n"}`, 422, "text: must not be blank"},
		{"POST", "/1001/comments", `{"body":"x"}`, 422, "unknown field"},
		{"DELETE", "/1001", ``, 405, ""},
		{"GET", "", ``, 405, ""},
		{"GET", "/1001/history", ``, 404, ""},
		{"PUT", "/1001/../1001", sampleIncident, 404, ""},
	} {
		status, answer := fakestest.CallRaw(t, f, tc.method, "/api/incidents"+tc.path, tc.body)
		var said struct{ Error struct{ Message string } }
		_ = json.Unmarshal(answer, &said) // ServeMux's own words are plain text
		if status != tc.status || !strings.Contains(said.Error.Message, tc.words) {
			t.Errorf("%s %s %s: %d %s, want %d and %q", tc.method, tc.path, tc.body, status, answer, tc.status, tc.words)
		}
	}
	if after := fmt.Sprint(f.Incidents()); after != before || len(f.Journal().Writes()) != 1 {
		t.Errorf("what was refused has changed something: %s", after)
	}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	const basic, wrong = "Basic YTpiY2Rl", "Basic YTp4" // a:bcde, a:x
	user := Options{User: "a", Password: secret.New("bcde")}
	key := Options{Header: "X-Api-Key", Value: secret.New("k3y")}
	both := Options{User: "a", Password: secret.New("bcde"), Header: "X-Api-Key", Value: secret.New("k3y")}
	for _, tc := range []struct {
		options Options
		header  []string
		status  int
	}{
		{Options{}, nil, 201},
		{Options{}, []string{"Authorization", wrong}, 201},
		{user, nil, 401},
		{user, []string{"Authorization", wrong}, 401},
		{user, []string{"Authorization", basic}, 201},
		{key, []string{"Authorization", basic}, 401},
		{key, []string{"X-Api-Key", "other"}, 401},
		{key, []string{"X-Api-Key", "k3y"}, 201},
		{both, []string{"X-Api-Key", "k3y"}, 401},
		{both, []string{"X-Api-Key", "k3y", "Authorization", basic}, 201},
	} {
		f := New(tc.options)
		status, _ := fakestest.CallRaw(t, f, "POST", "/api/incidents", sampleIncident, tc.header...)
		if made := len(f.Incidents()) == 1; status != tc.status || made != (status == 201) {
			t.Errorf("%+v with %q: %d, made %t, want %d", tc.options, tc.header, status, made, tc.status)
		}
	}
}

func TestIdempotent(t *testing.T) {
	t.Parallel()
	for _, idempotent := range []bool{true, false} {
		f := New(Options{Idempotent: idempotent})
		times := map[bool]int{true: 1, false: 3}[idempotent]
		answers := map[string]bool{}
		for n := range 3 { // the key alone counts
			_, b := fakestest.CallRaw(t, f, "POST", "/api/incidents", fmt.Sprintf(`{"title":"T%d"}`, n), "Idempotency-Key", "one")
			answers[string(b)] = true
		}
		for range 3 {
			fakestest.CallRaw(t, f, "POST", "/api/incidents/1001/comments", `{"text":"x"}`, "Idempotency-Key", "one")
		}
		list := f.Incidents()
		if len(answers) != times || len(list) != times || len(list[0].Comments) != times || list[0].Title != "T0" || len(f.Journal().Writes()) != 2*times {
			t.Errorf("idempotent %t: answers %v, incidents %+v", idempotent, answers, list)
		}
		fakestest.CallRaw(t, f, "POST", "/api/incidents", sampleIncident, "Idempotency-Key", "two")
		fakestest.CallRaw(t, f, "POST", "/api/incidents", sampleIncident)
		fakestest.CallRaw(t, f, "POST", "/api/incidents", sampleIncident)
		if n := len(f.Incidents()); n != times+3 {
			t.Errorf("idempotent %t: %d incidents, want %d", idempotent, n, times+3)
		}
	}
}

// What was refused may be put right and sent again under its key.
func TestRefusalIsForgotten(t *testing.T) {
	t.Parallel()
	f := New(Options{Idempotent: true})
	for _, step := range []struct {
		body   string
		status int
	}{{`{"title":""}`, 422}, {sampleIncident, 201}, {`{"title":""}`, 201}} {
		if status, b := fakestest.CallRaw(t, f, "POST", "/api/incidents", step.body, "Idempotency-Key", "one"); status != step.status {
			t.Errorf("%s: %d %s, want %d", step.body, status, b, step.status)
		}
	}
	if n := len(f.Incidents()); n != 1 {
		t.Errorf("%d incidents", n)
	}
}

func TestShapes(t *testing.T) {
	t.Parallel()
	f := New(Options{Nested: true, NumericIDs: true, ContentType: "text/html", EmptyAnswers: true})
	_, b := fakestest.CallRaw(t, f, "POST", "/api/incidents", sampleIncident)
	if want := `{"data":{"incidents":[{"href":"/api/incidents/1001","id":1001}]}}`; string(b) != want {
		t.Errorf("create: %s, want %s", b, want)
	}
	if _, b := fakestest.CallRaw(t, f, "GET", "/api/incidents/1001", ""); !strings.Contains(string(b), `[{"case_id":"c-1","description":"D","id":1001,"reference":"INC-1001"`) {
		t.Errorf("read: %s", b)
	}
	for path, body := range map[string]string{"/1001": sampleIncident, "/1001/comments": `{"text":"x"}`} {
		if status, b := fakestest.CallRaw(t, f, "PUT", "/api/incidents"+path, body); status != 204 || len(b) != 0 {
			t.Errorf("%s: %d %s", path, status, b)
		}
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest("GET", "/api/incidents/1001", nil))
	if got := w.Header().Get("Content-Type"); got != "text/html" {
		t.Errorf("content type %q", got)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	f := New(Options{Password: secret.New("needed for the API alone")})
	f.mu.Lock()
	f.add(Fields{Title: "<script>alert(1)</script>", Tags: []string{"a"}, Severity: "high"}).Comments = []Comment{{Text: "<b>x</b>"}}
	f.mu.Unlock()
	status, b := fakestest.CallRaw(t, f, "GET", "/incidents/INC-1001", "")
	if text := string(b); status != 200 || strings.Contains(text, "<script") || strings.Contains(text, "<b>") || !strings.Contains(text, "Comments: 1") {
		t.Errorf("page: %d %s", status, b)
	}
	for _, path := range []string{"/incidents/INC-1002", "/incidents/", "/incidents/1001"} {
		if status, _ := fakestest.CallRaw(t, f, "GET", path, ""); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
	if n := len(f.Journal().Requests()); n != 0 {
		t.Errorf("%d requests in the journal", n)
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	f := New(Options{})
	fakestest.Call(t, f, "POST", "/api/incidents", sampleIncident)
	_, v := fakestest.Call(t, f, "GET", "/__state", "")
	first := v["incidents"].([]any)[0].(map[string]any)
	if first["id"] != "1001" || first["title"] != "Phishing" || first["reference"] != "INC-1001" {
		t.Errorf("state %v", v)
	}
	list := f.Incidents()
	list[0].Tags[0] = "changed"
	if f.Incidents()[0].Tags[0] != "a" {
		t.Error("Incidents gives away the state itself")
	}
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	f := New(Options{Idempotent: true})
	if _, err := f.Faults().Add(fakes.Rule{Method: "GET", Status: 500, Times: 3}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			fakestest.CallRaw(t, f, "POST", "/api/incidents", sampleIncident, "Idempotency-Key", fmt.Sprint(n%4))
			fakestest.CallRaw(t, f, "POST", "/api/incidents/1001/comments", `{"text":"x"}`, "Idempotency-Key", "c")
			fakestest.CallRaw(t, f, "GET", "/api/incidents/1001", "")
			f.Incidents()
		})
	}
	wg.Wait()
	if list := f.Incidents(); len(list) != 4 || len(list[0].Comments) != 1 {
		t.Errorf("%d incidents, %d comments", len(list), len(list[0].Comments))
	}
}

// The definition names every part by which a connector finds its way.
func TestDefinition(t *testing.T) {
	t.Parallel()
	o := Options{User: "a", Password: secret.New("bcde"), Header: `X-"Key`, Value: secret.New(`k"3y`), Nested: true}
	d := o.Definition("https://h/webhook/")
	for key, want := range map[string]any{
		"createIncidentUrl": "https://h/webhook/api/incidents", "createIncidentResponseKey": "data.incidents[0].id", "hasAuth": true,
		"updateIncidentUrl": "https://h/webhook/api/incidents/{{{external.system.id}}}", "viewIncidentUrl": "https://h/webhook/incidents/{{{external.system.title}}}",
	} {
		if d[key] != want {
			t.Errorf("%s: %v, want %v", key, d[key], want)
		}
	}
	s := o.Secrets()
	if s["user"].Reveal() != "a" || s["password"].Reveal() != "bcde" || s["secretHeaders"].Reveal() != `{"X-\"Key":"k\"3y"}` {
		t.Errorf("secrets %q %q", s["user"].Reveal(), s["secretHeaders"].Reveal())
	}
	if d := (Options{}).Definition("https://h"); d["hasAuth"] != false || len((Options{}).Secrets()) != 0 {
		t.Errorf("without credentials: %v", d)
	}
}
