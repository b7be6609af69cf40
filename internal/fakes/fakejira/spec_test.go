package fakejira

import (
	"net/http"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/fakes/fakestest"
	"github.com/casepush/casepush/internal/spectest"
)

// loadSpec reads Atlassian's own description of one flavour.
func loadSpec(t *testing.T, flavour Flavour) *spectest.OpenAPI {
	t.Helper()
	name, prefix := "jira/cloud-v2.openapi.json", ""
	if flavour == DataCenter {
		name, prefix = "jira/datacenter-10.3.openapi.json", "/rest"
	}
	s, err := spectest.LoadOpenAPI(name, prefix)
	spectest.Need(t, err)
	return s
}

// against says what a specification has against a request.
func against(t *testing.T, s *spectest.OpenAPI, method, target, body string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return s.Check(req, "")
}

func flavours() []Flavour { return []Flavour{Cloud, DataCenter} }

func TestAgainstTheSpecifications(t *testing.T) {
	specs := map[Flavour]*spectest.OpenAPI{Cloud: loadSpec(t, Cloud), DataCenter: loadSpec(t, DataCenter)}
	t.Run("routes", func(t *testing.T) { routesAreInTheSpecification(t, specs) })
	t.Run("takes", func(t *testing.T) { takesWhatTheSpecificationAllows(t, specs) })
	t.Run("refuses", func(t *testing.T) { refusesWhatTheSpecificationForbids(t, specs) })
}

// Every route of the fake is a route of the real server.
func routesAreInTheSpecification(t *testing.T, specs map[Flavour]*spectest.OpenAPI) {
	t.Helper()
	for _, flavour := range flavours() {
		t.Run(flavour.String(), func(t *testing.T) {
			known := specs[flavour].Routes()
			for pattern := range New(Options{Flavour: flavour}).table() {
				method, path, _ := strings.Cut(pattern, " ")
				route := spectest.Route(method, jiraAPI+path)
				absent := flavour == DataCenter && strings.HasSuffix(path, "/search/jql") // which answers 404
				absent = absent || path == "/issueLink"                                   // which is not in the cut: see TestLinks
				if known[route] == absent {
					t.Errorf("%s: in the specification: %v, want %v", route, known[route], !absent)
				}
			}
		})
	}
}

// sampleJira has issue HMS-1 (10001) with comment 10002 and a property on both.
func sampleJira(t *testing.T, opts Options) *Fake {
	t.Helper()
	j := New(opts)
	fakestest.Call(t, j, "POST", "/rest/api/2/issue", sampleIssue)
	fakestest.Call(t, j, "POST", "/rest/api/2/issue/HMS-1/comment", `{"body":"first","properties":[{"key":"casepush","value":{"id":"c-1"}}]}`)
	fakestest.Call(t, j, "PUT", "/rest/api/2/issue/HMS-1/properties/casepush", `{"id":"case-1"}`)
	j.Journal().Clear()
	return j
}

type sample struct {
	name, method, target, body string
	status                     int
	only                       string // a flavour, "" is both
}

// What the specification allows, the fake takes.
func takesWhatTheSpecificationAllows(t *testing.T, specs map[Flavour]*spectest.OpenAPI) {
	t.Helper()
	const label = `labels = "kibana-case-1" AND project = "HMS" ORDER BY created ASC`
	const labelQuery = "labels%20%3D%20%22kibana-case-1%22%20ORDER%20BY%20created"
	cloud, dc := Cloud.String(), DataCenter.String()
	for _, tc := range []sample{
		{"create", "POST", "/issue", sampleIssue, 201, ""},
		{"create with properties", "POST", "/issue", `{"fields":{"summary":"s","project":{"id":"10000"},"issuetype":{"name":"bug"},"priority":{"name":"High"},"description":"d"},"properties":[{"key":"k","value":{"a":[1]}}]}`, 201, ""},
		{"create a sub-task", "POST", "/issue", `{"fields":{"summary":"s","project":{"key":"HMS"},"issuetype":{"id":"10004"},"parent":{"key":"HMS-1"}}}`, 201, ""},
		{"update", "PUT", "/issue/10001", `{"fields":{"summary":"t","description":"e"},"update":{"labels":[{"add":"x"},{"remove":"kibana-case-1"}]}}`, 204, ""},
		{"update and return", "PUT", "/issue/10001?returnIssue=true", `{"fields":{"summary":"t"}}`, 200, cloud},
		{"read", "GET", "/issue/HMS-1?fields=summary,labels&properties=casepush", ``, 200, ""},
		{"delete", "DELETE", "/issue/HMS-1", ``, 204, ""},
		{"add comment", "POST", "/issue/HMS-1/comment", `{"body":"b","properties":[{"key":"k","value":1}],"visibility":{"type":"role","value":"Administrators"}}`, 201, ""},
		{"list comments", "GET", "/issue/HMS-1/comment?startAt=0&maxResults=10&orderBy=-created&expand=properties", ``, 200, ""},
		{"read comment", "GET", "/issue/HMS-1/comment/10002?expand=properties", ``, 200, ""},
		{"update comment", "PUT", "/issue/HMS-1/comment/10002", `{"body":"c"}`, 200, ""},
		{"delete comment", "DELETE", "/issue/HMS-1/comment/10002", ``, 204, ""},
		{"comment property keys", "GET", "/comment/10002/properties", ``, 200, ""},
		{"comment property", "GET", "/comment/10002/properties/casepush", ``, 200, ""},
		{"set comment property", "PUT", "/comment/10002/properties/other", `{"a":1}`, 201, cloud},
		{"set comment property again", "PUT", "/comment/10002/properties/casepush", `{"a":1}`, 200, cloud},
		{"delete comment property", "DELETE", "/comment/10002/properties/casepush", ``, 204, ""},
		{"issue property keys", "GET", "/issue/HMS-1/properties", ``, 200, ""},
		{"issue property", "GET", "/issue/HMS-1/properties/casepush", ``, 200, ""},
		{"delete issue property", "DELETE", "/issue/HMS-1/properties/casepush", ``, 204, ""},
		{"transitions", "GET", "/issue/HMS-1/transitions", ``, 200, ""},
		{"transition", "POST", "/issue/HMS-1/transitions", `{"transition":{"id":"31"}}`, 204, ""},
		{"search", "POST", "/search/jql", `{"jql":` + quote(label) + `,"fields":["labels","created"],"maxResults":50,"reconcileIssues":[10001]}`, 200, cloud},
		{"search by GET", "GET", "/search/jql?fields=labels,created&maxResults=5&jql=" + labelQuery, ``, 200, cloud},
		{"search", "POST", "/search", `{"jql":` + quote(label) + `,"fields":["labels","created"],"maxResults":50,"startAt":0,"validateQuery":true}`, 200, dc},
		{"search by GET", "GET", "/search?fields=labels,created&maxResults=5&startAt=0&jql=" + labelQuery, ``, 200, dc},
		{"removed search", "GET", "/search?jql=" + labelQuery, ``, 410, cloud},
		{"issue types", "GET", "/issue/createmeta/HMS/issuetypes?startAt=0&maxResults=50", ``, 200, ""},
		{"project", "GET", "/project/HMS", ``, 200, ""},
		{"permissions", "GET", "/mypermissions?projectKey=HMS&permissions=CREATE_ISSUES,EDIT_ISSUES", ``, 200, ""},
		{"myself", "GET", "/myself", ``, 200, ""},
		{"server info", "GET", "/serverInfo", ``, 200, ""},
	} {
		eachFlavour(t, tc, func(t *testing.T, flavour Flavour) {
			if err := against(t, specs[flavour], tc.method, jiraAPI+tc.target, tc.body); err != nil {
				t.Errorf("the specification refuses it: %v", err)
			}
			status, b := fakestest.CallRaw(t, sampleJira(t, Options{Flavour: flavour}), tc.method, jiraAPI+tc.target, tc.body)
			if status != tc.status {
				t.Errorf("the fake answers %d %s, want %d", status, b, tc.status)
			}
		})
	}
}

// What the specification forbids, the fake refuses.
func refusesWhatTheSpecificationForbids(t *testing.T, specs map[Flavour]*spectest.OpenAPI) {
	t.Helper()
	for _, tc := range []sample{
		{"a misspelt key", "POST", "/issue", `{"feilds":{}}`, 400, ""},
		{"fields of a wrong type", "POST", "/issue", `{"fields":"none"}`, 400, ""},
		{"properties of a wrong type", "POST", "/issue", `{"fields":{},"properties":{}}`, 400, ""},
		{"no JSON", "POST", "/issue", `{"fields":`, 400, ""},
		{"a comment that is a number", "POST", "/issue/HMS-1/comment", `{"body":1}`, 400, ""},
		{"a comment with a misspelt key", "POST", "/issue/HMS-1/comment", `{"body":"a","propertys":[]}`, 400, ""},
		{"a transition by a number", "POST", "/issue/HMS-1/transitions", `{"transition":31}`, 400, ""},
		{"a transition with a misspelt key", "POST", "/issue/HMS-1/transitions", `{"transitoin":{"id":"31"}}`, 400, ""},
		{"a search with a wrong type", "POST", "/search/jql", `{"jql":"labels = a","maxResults":"many"}`, 400, Cloud.String()},
		{"a search of the other flavour", "POST", "/search/jql", `{"jql":"labels = a","startAt":5}`, 400, Cloud.String()},
		{"a search of the other flavour", "POST", "/search", `{"jql":"labels = a","nextPageToken":"x"}`, 400, DataCenter.String()},
		{"a search that is not there", "POST", "/search/jql", `{"jql":"labels = a"}`, 404, DataCenter.String()},
		{"a route that is not there", "GET", "/isue/HMS-1", ``, 404, ""},
		{"a method that is not there", "PATCH", "/issue/HMS-1", `{}`, 405, ""},
	} {
		eachFlavour(t, tc, func(t *testing.T, flavour Flavour) {
			if against(t, specs[flavour], tc.method, jiraAPI+tc.target, tc.body) == nil {
				t.Error("the specification allows it")
			}
			j := sampleJira(t, Options{Flavour: flavour})
			status, b := fakestest.CallRaw(t, j, tc.method, jiraAPI+tc.target, tc.body)
			if status != tc.status {
				t.Errorf("the fake answers %d %s, want %d", status, b, tc.status)
			}
			if n := len(j.Journal().Writes()); n != 0 {
				t.Errorf("it changed something %d times", n)
			}
		})
	}
}

func eachFlavour(t *testing.T, tc sample, run func(*testing.T, Flavour)) {
	for _, flavour := range flavours() {
		if tc.only != "" && tc.only != flavour.String() {
			continue
		}
		t.Run(tc.name+"/"+flavour.String(), func(t *testing.T) { run(t, flavour) })
	}
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }
