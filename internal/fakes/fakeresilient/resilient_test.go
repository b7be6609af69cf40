package fakeresilient

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakestest"
	"github.com/casepush/casepush/internal/secret"
)

const (
	org    = "/rest/orgs/201"
	sample = `{"name":"Beacon","discovered_date":1700000000000,"description":{"format":"html","content":"<b>One</b>"},` +
		`"incident_type_ids":[{"id":17}],"severity_code":{"id":51},"properties":{"custom1":"x"}}`
)

// made makes an incident and returns its id.
func made(t *testing.T, f *Fake, body string) string {
	t.Helper()
	status, answer := fakestest.Call(t, f, "POST", org+"/incidents?text_content_output_format=objects_convert", body)
	if status != 200 {
		t.Fatalf("create: %d %v", status, answer)
	}
	return fmt.Sprint(answer["id"])
}

func TestCreateAndRead(t *testing.T) {
	t.Parallel()
	f := New(Options{})
	id := made(t, f, sample)
	status, got := fakestest.Call(t, f, "GET", org+"/incidents/"+id+"?text_content_output_format=objects_convert", "")
	if status != 200 || got["name"] != "Beacon" || got["vers"] != 1.0 || got["severity_code"] != 51.0 || got["plan_status"] != "A" || got["create_date"] == nil {
		t.Errorf("%d %v", status, got)
	}
	want := map[string]any{"format": "html", "content": "<b>One</b>"}
	if diff := cmp.Diff(want, got["description"]); diff != "" || got["properties"].(map[string]any)["custom1"] != "x" {
		t.Errorf("%s %v", diff, got["properties"])
	}
	if len(f.Journal().Writes()) != 1 || len(f.Incidents()) != 1 || !f.Delete(id) || f.Delete(id) || len(f.Incidents()) != 0 {
		t.Errorf("writes %d, incidents %v", len(f.Journal().Writes()), f.Incidents())
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	f := New(Options{MaxName: 10, MaxText: 20})
	for body, want := range map[string]string{
		`{"discovered_date":1}`:                      "The field name is required.",
		`{"name":"x"}`:                               "The field discovered_date is required.",
		`{"name":"","discovered_date":1}`:            "The field name is required.",
		`{"name":"x","discovered_date":"1"}`:         "Invalid value for the field discovered_date.",
		`{"name":1,"discovered_date":1}`:             "Invalid value for the field name.",
		`{"name":"12345678901","discovered_date":1}`: "The value of the field name is too long.",
		`{"name":"x","discovered_date":1,"description":"123456789012345678901"}`:       "The value of the field description is too long.",
		`{"name":"x","discovered_date":1,"description":{"format":"md","content":"x"}}`: "Invalid text for the field description.",
		`{"name":"x","discovered_date":1,"description":7}`:                             "Invalid text for the field description.",
		`{"name":"x","discovered_date":1,"severity_code":{"id":7}}`:                    "Invalid value for the field severity_code.",
		`{"name":"x","discovered_date":1,"incident_type_ids":[{"id":17},{"id":7}]}`:    "Invalid value for the field incident_type_ids.",
		`{"name":"x","discovered_date":1,"nosuch":1}`:                                  "Unrecognized field nosuch.",
		`{"name":"x","discovered_date":1,"custom1":"at the top"}`:                      "Unrecognized field custom1.",
		`{"name":"x","discovered_date":1,"properties":{"nosuch":1}}`:                   "Unrecognized field nosuch.",
		`{"name":"x","discovered_date":1,"properties":[]}`:                             "properties must be an object.",
		`{"name":"x","discovered_date":1,"create_date":1}`:                             "Unrecognized field create_date.",
		`{`: "Unable to process the JSON: ",
	} {
		status, got := fakestest.Call(t, f, "POST", org+"/incidents", body)
		message, _ := got["message"].(string)
		if status != 400 || !strings.HasPrefix(message, want) || got["success"] != false || got["error_code"] != "generic" {
			t.Errorf("%s: %d %v, want %q", body, status, got, want)
		}
	}
	if len(f.Incidents()) != 0 || len(f.Journal().Writes()) != 0 {
		t.Errorf("incidents %v", f.Incidents())
	}
	if status, _ := fakestest.Call(t, f, "POST", org+"/incidents", sample, "Content-Type", "text/plain"); status != http.StatusUnsupportedMediaType {
		t.Errorf("text/plain: %d", status)
	}
}

func TestTextFormats(t *testing.T) {
	t.Parallel()
	f := New(Options{})
	id := made(t, f, `{"name":"x","discovered_date":1,"description":{"format":"html","content":"a &amp; <i onclick='x'>b</i><br>c<script>d</script>"},"resolution_summary":"1 < 2"}`)
	const kept = "a &amp; <i>b</i><br />c"
	object := func(format, content string) any { return map[string]any{"format": format, "content": content} }
	for format, want := range map[string][2]any{
		"":                     {kept, "1 < 2"},
		"default":              {kept, "1 < 2"},
		"objects_convert":      {object("html", kept), object("text", "1 < 2")},
		"objects_no_convert":   {object("html", kept), object("text", "1 < 2")},
		"objects_convert_html": {object("html", kept), object("html", "1 &lt; 2")},
		"objects_convert_text": {object("text", "a & b\nc"), object("text", "1 < 2")},
		"always_text":          {"a & b\nc", "1 < 2"},
	} {
		for _, how := range []string{"parameter", "header"} {
			target, header := org+"/incidents/"+id+"?text_content_output_format="+format, []string{}
			if how == "header" {
				target, header = org+"/incidents/"+id, []string{"text_content_output_format", format}
			}
			_, got := fakestest.Call(t, f, "GET", target, "", header...)
			if diff := cmp.Diff(want, [2]any{got["description"], got["resolution_summary"]}); diff != "" {
				t.Errorf("%s by %s: %s", format, how, diff)
			}
		}
	}
	if status, _ := fakestest.Call(t, f, "GET", org+"/incidents/"+id+"?text_content_output_format=markdown", ""); status != 400 {
		t.Errorf("an unknown format: %d", status)
	}
}

func TestSanitise(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`plain`:                             `plain`,
		`a < b & "c" 'd' e=f+g@h`:           `a &lt; b &amp; &#34;c&#34; &#39;d&#39; e&#61;f&#43;g&#64;h`,
		`<p class="x">a</p><hr><img src=x>`: `<p>a</p>`,
		`x<STYLE>y</style>z<br/>`:           `xz<br />`,
		`<script>never ends`:                `never ends`,
		`a <b`:                              `a &lt;b`,
		"line\nend":                         "line\nend",
	} {
		if got := sanitise(source); got != want {
			t.Errorf("sanitise(%q) = %q, want %q", source, got, want)
		}
		if once := sanitise(source); sanitise(once) != once {
			t.Errorf("sanitise(%q) changes what it made: %q", source, sanitise(once))
		}
	}
}

func TestComments(t *testing.T) {
	t.Parallel()
	f := New(Options{TextAsHTML: true})
	id := made(t, f, sample)
	comments := org + "/incidents/" + id + "/comments"
	if status, got := fakestest.Call(t, f, "POST", comments, `{"text":{"format":"text","content":"1 < 2\n3"}}`); status != 200 || got["id"] == nil {
		t.Errorf("%d %v", status, got)
	}
	for _, body := range []string{`{"text":null}`, `{}`, `{"text":{"format":"text","content":" "}}`, `{"text":1}`, `{"text":"x","other":1}`} {
		if status, got := fakestest.Call(t, f, "POST", comments, body); status != 400 {
			t.Errorf("%s: %d %v", body, status, got)
		}
	}
	if !f.Say(id, nil) || f.Say("1", nil) {
		t.Error("Say reports the wrong thing")
	}
	status, b := fakestest.CallRaw(t, f, "GET", comments+"?text_content_output_format=objects_no_convert", "")
	var list []struct {
		Text   *Text `json:"text"`
		Parent *int  `json:"parent_id"`
	}
	if err := json.Unmarshal(b, &list); err != nil || status != 200 || len(list) != 2 {
		t.Fatalf("%d %s %v", status, b, err)
	}
	if list[0].Text == nil || *list[0].Text != (Text{"html", "1 &lt; 2<br />3"}) || list[1].Text != nil {
		t.Errorf("%s", b)
	}
	if status, _ := fakestest.Call(t, f, "POST", org+"/incidents/1/comments", `{"text":"x"}`); status != 404 {
		t.Errorf("comment on nothing: %d", status)
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	f := New(Options{Orgs: []Org{{ID: 201, Name: "HMS"}, {ID: 202, Disabled: true}}})
	for request, want := range map[string]int{
		"GET /rest/session": 200, "GET " + org + "/types/incident/fields": 200, "GET " + org + "/types/incident/fields/severity_code": 200,
		"GET " + org + "/types/incident/fields/nosuch": 404, "GET " + org + "/incidents/1": 404, "GET " + org + "/incidents/x": 404,
		"GET " + org + "/nosuch": 500, "GET /rest/nosuch": 500, "DELETE " + org + "/incidents/1": 404, "POST /rest/nosuch": 404,
		"GET /rest/orgs/202/types/incident/fields": 403, "GET /rest/orgs/7/types/incident/fields": 403,
	} {
		method, target, _ := strings.Cut(request, " ")
		if status, _ := fakestest.CallRaw(t, f, method, target, ""); status != want {
			t.Errorf("%s: %d, want %d", request, status, want)
		}
	}
	_, session := fakestest.Call(t, f, "GET", "/rest/session?include_permissions=false", "")
	first := session["orgs"].([]any)[0].(map[string]any)
	if first["id"] != 201.0 || first["name"] != "HMS" || first["enabled"] != true {
		t.Errorf("session %v", session)
	}
	if len(f.Journal().Writes()) != 0 {
		t.Error("a read is said to have changed something")
	}
}

func TestKeyAndRights(t *testing.T) {
	t.Parallel()
	f := New(Options{KeyID: "id", KeySecret: secret.New("key")})
	const right, wrong = "Basic aWQ6a2V5", "Basic aWQ6eA=="
	for header, want := range map[string]int{right: 200, wrong: 401, "": 401, "Bearer key": 401} {
		if status, got := fakestest.Call(t, f, "GET", "/rest/session", "", "Authorization", header); status != want {
			t.Errorf("%q: %d %v, want %d", header, status, got, want)
		}
	}
	f = New(Options{})
	id := made(t, f, sample)
	for name, request := range map[string][3]string{
		"create":  {"POST", "/incidents", sample},
		"read":    {"GET", "/incidents/" + id, ""},
		"write":   {"PATCH", "/incidents/" + id, `{"changes":[{"field":"city","old_value":{},"new_value":{"text":"x"}}]}`},
		"comment": {"POST", "/incidents/" + id + "/comments", `{"text":"x"}`},
	} {
		for _, allowed := range []bool{false, true} {
			status, got := fakestest.Call(t, f, "PUT", "/__permissions", fmt.Sprintf(`{%q:%t}`, name, allowed))
			if status != 200 || got[name] != allowed {
				t.Errorf("permit %s: %d %v", name, status, got)
			}
			want := map[bool]int{true: 200, false: 403}[allowed]
			if status, _ := fakestest.Call(t, f, request[0], org+request[1], request[2]); status != want {
				t.Errorf("%s, allowed %t: %d, want %d", name, allowed, status, want)
			}
		}
	}
	if status, _ := fakestest.CallRaw(t, f, "PUT", "/__permissions", `{"close":true}`); status != 400 {
		t.Errorf("an unknown permission: %d", status)
	}
	if status, _ := fakestest.CallRaw(t, f, "DELETE", "/__permissions", ""); status != 405 {
		t.Errorf("DELETE: %d", status)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	f := New(Options{KeySecret: secret.New("key")})
	f2 := New(Options{})
	id := made(t, f2, `{"name":"<script>x</script>","discovered_date":1,"description":{"format":"html","content":"a<br>b"}}`)
	f2.Say(id, &Text{"text", "said"})
	status, b := fakestest.CallRaw(t, f2, "GET", "/", "")
	for _, want := range []string{`id="incidents/` + id + `"`, "a\nb", "said", "&lt;script&gt;"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%d: the page lacks %q", status, want)
		}
	}
	if strings.Contains(string(b), "<script>") {
		t.Error("a name becomes markup")
	}
	if status, _ := fakestest.CallRaw(t, f, "GET", "/", ""); status != 200 || len(f.Journal().Requests()) != 0 {
		t.Errorf("the page needs a key, or is in the journal: %d", status)
	}
}

// A new incident is not found before its time.
func TestSearchDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := New(Options{SearchDelay: time.Minute})
		made(t, f, sample)
		count := func() float64 {
			_, got := fakestest.Call(t, f, "POST", org+"/incidents/query_paged", `{"start":0,"length":10}`)
			return got["recordsFiltered"].(float64)
		}
		if n := count(); n != 0 {
			t.Errorf("found %v at once", n)
		}
		<-time.After(time.Minute)
		if n := count(); n != 1 {
			t.Errorf("found %v after the delay", n)
		}
	})
}

var _ fakes.Fake = (*Fake)(nil)
