package fakejira

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/fakes/fakestest"
	"github.com/casepush/casepush/internal/secret"
)

// issueWith is a body to create an issue whose fields are changed by the JSON
// in change; a null takes the field out.
func issueWith(t *testing.T, change string) string {
	t.Helper()
	fields := map[string]any{"summary": "s", "project": map[string]any{"key": "HMS"}, "issuetype": map[string]any{"id": "10001"}}
	if err := json.Unmarshal([]byte(change), &fields); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(map[string]any{"fields": dropNulls(fields)})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRefusesFields(t *testing.T) {
	summary := func(n int) string { return `{"summary":"` + strings.Repeat("x", n) + `"}` }
	for _, tc := range []struct{ name, change, field, cloud, dataCenter string }{
		{"no summary", `{"summary":null}`, "summary", "You must specify a summary of the issue.", "You must specify a summary of the issue."},
		{"blank summary", `{"summary":" "}`, "summary", "You must specify a summary of the issue.", "You must specify a summary of the issue."},
		{"summary of 256", summary(256), "summary", "Summary can't exceed 255 characters.", "Summary must be less than 255 characters."},
		{"summary of 255", summary(255), "summary", "", "Summary must be less than 255 characters."},
		{"summary of 254", summary(254), "summary", "", ""},
		{"summary of 128 pairs", `{"summary":"` + strings.Repeat("🦊", 128) + `"}`, "summary", "Summary can't exceed 255 characters.", "Summary must be less than 255 characters."},
		{"summary of 127 pairs", `{"summary":"` + strings.Repeat("🦊", 127) + `"}`, "summary", "", ""},
		{"newline", `{"summary":"a\nb"}`, "summary", "The summary is invalid because it contains newline characters.", "The summary is invalid because it contains newline characters."},
		{"no project", `{"project":null}`, "project", "Specify a valid project ID or key", "project is required"},
		{"unknown project", `{"project":{"key":"NONE"}}`, "project", "Specify a valid project ID or key", "valid project is required"},
		{"no type", `{"issuetype":null}`, "issuetype", "Specify an issue type", "issue type is required"},
		{"unknown type", `{"issuetype":{"id":"1"}}`, "issuetype", "Specify a valid issue type", "valid issue type is required"},
		{"label with a space", `{"labels":["a b"]}`, "labels", "The label 'a b' contains spaces which is invalid.", "The label 'a b' contains spaces which is invalid."},
		{"unknown field", `{"severity":"high"}`, "severity", "Field 'severity' cannot be set. It is not on the appropriate screen, or unknown.", "Field 'severity' cannot be set. It is not on the appropriate screen, or unknown."},
		{"known custom field", `{"customfield_10010":5}`, "customfield_10010", "", ""},
		{"long description", `{"description":"` + strings.Repeat("x", 32768) + `"}`, "description", "The entered text is too long. It exceeds the allowed limit of 32,767 characters.", "The entered text is too long. It exceeds the allowed limit of 32,767 characters."},
		{"description that just fits", `{"description":"` + strings.Repeat("x", 32767) + `"}`, "description", "", ""},
		{"unknown priority", `{"priority":{"name":"Huge"}}`, "priority", "Priority name 'Huge' is not valid", "Priority name 'Huge' is not valid"},
	} {
		for _, flavour := range flavours() {
			t.Run(tc.name+"/"+flavour.String(), func(t *testing.T) {
				j := New(Options{Flavour: flavour, ExtraFields: []string{"customfield_10010"}})
				status, v := fakestest.Call(t, j, "POST", "/rest/api/2/issue", issueWith(t, tc.change))
				want := j.say(tc.cloud, tc.dataCenter)
				if want == "" {
					if status != 201 {
						t.Errorf("answer %d %v, want 201", status, v)
					}
					return
				}
				errs, _ := v["errors"].(map[string]any)
				if status != 400 || errs[tc.field] != want || len(j.Issues()) != 0 {
					t.Errorf("answer %d %v, want 400 and %q", status, v, want)
				}
			})
		}
	}
}

func TestUpdate(t *testing.T) {
	j := sampleJira(t, Options{})
	for _, tc := range []struct {
		name, target, body string
		status             int
	}{
		{"no such issue", "HMS-9", `{"fields":{"summary":"x"}}`, 404},
		{"fields and update", "HMS-1", `{"fields":{"labels":[]},"update":{"labels":[{"add":"x"}]}}`, 400},
		{"summary taken away", "HMS-1", `{"fields":{"summary":null}}`, 400},
		{"another project", "HMS-1", `{"fields":{"project":{"key":"NONE"}}}`, 400},
		{"unknown parent", "HMS-1", `{"fields":{"parent":{"key":"HMS-9"}}}`, 400},
		{"unknown verb", "HMS-1", `{"update":{"labels":[{"eat":"x"}]}}`, 400},
		{"label with a space", "HMS-1", `{"update":{"labels":[{"add":"a b"}]}}`, 400},
		{"no content type", "HMS-1", ``, 415},
		{"a transition", "HMS-1", `{"transition":{"id":"1"}}`, 400},
		{"the same project", "HMS-1", `{"fields":{"project":{"key":"HMS"},"summary":"new","description":"d"}}`, 204},
		{"label verbs", "hms-1", `{"update":{"labels":[{"add":"x"},{"add":"y"},{"remove":"kibana-case-1"}],"summary":[{"set":"set"}]}}`, 204},
		{"description cleared", "HMS-1", `{"fields":{"description":null}}`, 204},
	} {
		if status, b := fakestest.CallRaw(t, j, "PUT", "/rest/api/2/issue/"+tc.target, tc.body); status != tc.status {
			t.Errorf("%s: %d %s, want %d", tc.name, status, b, tc.status)
		}
	}
	i, _ := j.Issue("HMS-1")
	if i.Text("summary") != "set" || fmt.Sprint(i.Labels()) != "[x y]" || i.Text("description") != "" {
		t.Errorf("issue: %+v", i.Fields)
	}
}

func TestAuthentication(t *testing.T) {
	const basic = "Basic YUBiLmV4YW1wbGU6dDBrZW4=" // a@b.example:t0ken
	for _, flavour := range flavours() {
		j := New(Options{Flavour: flavour, Email: "a@b.example", Token: secret.New("t0ken"), PAT: secret.New("pat")})
		for header, want := range map[string]int{basic: 200, "Bearer pat": 200, "": 401, "Bearer t0ken": 401, "Basic eDp5": 401, "pat": 401} {
			status, b := fakestest.CallRaw(t, j, "GET", "/rest/api/2/myself", "", "Authorization", header)
			if status != want {
				t.Errorf("%s with %q: %d, want %d", flavour, header, status, want)
			}
			if html := strings.HasPrefix(string(b), "<html>"); html != (flavour == DataCenter && header == "Basic eDp5") {
				t.Errorf("%s with %q: %s", flavour, header, b)
			}
		}
		if status, _ := fakestest.CallRaw(t, j, "POST", "/rest/api/2/issue", sampleIssue); status != 401 || len(j.Issues()) != 0 {
			t.Errorf("%s: create without credentials: %d", flavour, status)
		}
	}
}

func TestCommentPaging(t *testing.T) {
	j := sampleJira(t, Options{MaxComments: 4})
	for n := range 3 {
		fakestest.Call(t, j, "POST", "/rest/api/2/issue/HMS-1/comment", fmt.Sprintf(`{"body":"comment %d"}`, n))
	}
	if status, _ := fakestest.Call(t, j, "POST", "/rest/api/2/issue/HMS-1/comment", `{"body":"one too many"}`); status != 413 {
		t.Errorf("over the limit: %d, want 413", status)
	}
	_, v := fakestest.Call(t, j, "GET", "/rest/api/2/issue/HMS-1/comment?orderBy=-created&startAt=1&maxResults=2", "")
	page := v["comments"].([]any)
	if v["total"] != 4.0 || len(page) != 2 || page[0].(map[string]any)["body"] != "comment 1" {
		t.Errorf("page: %v", v)
	}
	_, v = fakestest.Call(t, j, "GET", "/rest/api/2/issue/HMS-1/comment?expand=properties&maxResults=1", "")
	if b, _ := json.Marshal(v["comments"].([]any)[0].(map[string]any)["properties"]); string(b) != `[{"key":"casepush","value":{"id":"c-1"}}]` {
		t.Errorf("properties: %s", b)
	}
	for target, want := range map[string]int{"orderBy=body": 400, "startAt=-1": 400, "maxResults=x": 400, "startAt=99": 200} {
		if status, _ := fakestest.Call(t, j, "GET", "/rest/api/2/issue/HMS-1/comment?"+target, ""); status != want {
			t.Errorf("%s: %d, want %d", target, status, want)
		}
	}
	for _, body := range []string{`{"body":" "}`, `{}`, `{"body":"` + strings.Repeat("x", 32768) + `"}`} {
		if status, v := fakestest.Call(t, j, "POST", "/rest/api/2/issue/HMS-1/comment", body); status != 400 || v["errors"].(map[string]any)["comment"] == nil {
			t.Errorf("wrong comment: %d %v", status, v)
		}
	}
}

func TestSearchLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(Options{SearchDelay: time.Minute})
		_, created := fakestest.Call(t, j, "POST", "/rest/api/2/issue", sampleIssue)
		hits := func(body string) int {
			status, v := fakestest.Call(t, j, "POST", "/rest/api/2/search/jql", body)
			if status != 200 {
				t.Fatalf("search: %d %v", status, v)
			}
			return len(v["issues"].([]any))
		}
		if hits(`{"jql":"labels = \"kibana-case-1\""}`) != 0 {
			t.Error("found before it was indexed")
		}
		if hits(`{"jql":"labels = \"kibana-case-1\"","reconcileIssues":[`+created["id"].(string)+`]}`) != 1 {
			t.Error("reconcileIssues did not find it")
		}
		<-time.After(time.Minute)
		if hits(`{"jql":"labels = \"kibana-case-1\""}`) != 1 {
			t.Error("not found although it was indexed")
		}
		j.Delete("HMS-1")
		if hits(`{"jql":"labels = \"kibana-case-1\""}`) != 0 {
			t.Error("found although it was deleted")
		}
	})
}

func TestSearchPaging(t *testing.T) {
	for _, flavour := range flavours() {
		t.Run(flavour.String(), func(t *testing.T) {
			j := New(Options{Flavour: flavour})
			for range 5 {
				fakestest.Call(t, j, "POST", "/rest/api/2/issue", sampleIssue)
			}
			var keys []string
			more := ""
			for range 10 {
				path := "/search?"
				if flavour == Cloud {
					path = "/search/jql?"
				}
				_, v := fakestest.Call(t, j, "GET", jiraAPI+path+"jql=labels%3Dkibana%2Dcase%2D1&fields=labels&maxResults=2"+more, "")
				for _, hit := range v["issues"].([]any) {
					keys = append(keys, hit.(map[string]any)["key"].(string))
				}
				if flavour == Cloud {
					token, _ := v["nextPageToken"].(string)
					if (token == "") != (v["isLast"] == true) {
						t.Errorf("page: %v", v)
					}
					more = "&nextPageToken=" + token
				} else {
					more = fmt.Sprint("&startAt=", len(keys))
				}
				if v["isLast"] == true || v["total"] == float64(len(keys)) {
					break
				}
			}
			if got := strings.Join(keys, " "); got != "HMS-1 HMS-2 HMS-3 HMS-4 HMS-5" {
				t.Errorf("pages: %s", got)
			}
		})
	}
}

func TestSearchRefuses(t *testing.T) {
	for _, flavour := range flavours() {
		j := New(Options{Flavour: flavour})
		path := "/search/jql"
		if flavour == DataCenter {
			path = "/search"
		}
		for _, query := range []string{
			`labels = `, `labels`, `labels = a b`, `labels ~ a`, `nothing = a`, `labels = a OR labels = b`, `labels = a AND`,
			`labels = a AND ORDER BY created`, `ORDER BY`, `labels = a ORDER BY votes`, `labels = a ORDER BY created UP`, `labels = "a`, `labels = "\q"`,
			`labels in (a)`, `project = NONE`, `labels = a-b!`,
		} {
			body, _ := json.Marshal(map[string]string{"jql": query})
			status, v := fakestest.Call(t, j, "POST", jiraAPI+path, string(body))
			if messages, _ := v["errorMessages"].([]any); status != 400 || len(messages) != 1 {
				t.Errorf("%s: %q: %d %v, want 400 and a message", flavour, query, status, v)
			}
		}
		status, _ := fakestest.Call(t, j, "POST", jiraAPI+path, `{"jql":"ORDER BY created"}`)
		if want := map[Flavour]int{Cloud: 400, DataCenter: 200}[flavour]; status != want {
			t.Errorf("%s: unbounded query: %d, want %d", flavour, status, want)
		}
	}
}
