package jira_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/casepush/casepush/internal/spectest"
)

// specification is one of Atlassian's OpenAPI documents, made strict.
type specification struct {
	path   string // under ../shared/specs
	prefix string // what the document's servers have before its paths
	load   func() (routers.Router, error)
}

var (
	cloudSpec      = newSpecification("jira/cloud-v2.openapi.json", "")
	dataCenterSpec = newSpecification("jira/datacenter-10.3.openapi.json", "/rest")
)

func newSpecification(path, prefix string) *specification {
	s := &specification{path: path, prefix: prefix}
	s.load = sync.OnceValues(s.read)
	return s
}

func (s *specification) read() (routers.Router, error) {
	file, err := spectest.Path(s.path)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(b)
	if err != nil {
		return nil, err
	}
	addIssueLink(doc)
	doc.Servers = openapi3.Servers{{URL: s.prefix + "/"}}
	strict(doc)
	return legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
}

// strict makes a key that the specification does not know an error, at the top
// level of every request body.
func strict(doc *openapi3.T) {
	no := false
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.RequestBody == nil {
				continue
			}
			media := op.RequestBody.Value.Content.Get("application/json")
			if media == nil || media.Schema == nil || !media.Schema.Value.Type.Is("object") {
				continue
			}
			media.Schema.Value.AdditionalProperties = openapi3.AdditionalProperties{Has: &no}
		}
	}
	mend(doc)
}

// mend takes out two defects of Atlassian's generator in the Data Center
// document: the value of a property is any JSON (as sd.public.comment shows),
// not a string; and the fields of a search are texts, not objects.
func mend(doc *openapi3.T) {
	if bean := doc.Components.Schemas["EntityPropertyBean"]; bean != nil {
		bean.Value.Properties["value"] = openapi3.NewSchemaRef("", openapi3.NewSchema())
	}
	if search := doc.Paths.Value("/api/2/search"); search != nil {
		fields := search.Get.Parameters.GetByInAndName("query", "fields")
		fields.Schema.Value.Items = openapi3.NewSchemaRef("", openapi3.NewStringSchema())
	}
}

// addIssueLink adds a route that the cut documents do not have, as the whole of
// Cloud's describes it (LinkIssueRequestJsonBean, without its comment); Data
// Center's takes the same.
func addIssueLink(doc *openapi3.T) {
	text, no := openapi3.NewStringSchema(), false
	closed := func(s *openapi3.Schema) *openapi3.Schema {
		s.AdditionalProperties = openapi3.AdditionalProperties{Has: &no}
		return s
	}
	issue := closed(openapi3.NewObjectSchema().WithProperty("id", text).WithProperty("key", text))
	kind := closed(openapi3.NewObjectSchema().WithProperty("id", text).WithProperty("name", text))
	body := closed(openapi3.NewObjectSchema().WithProperty("type", kind).WithProperty("inwardIssue", issue).WithProperty("outwardIssue", issue))
	body.Required = []string{"type", "inwardIssue", "outwardIssue"}
	op := openapi3.NewOperation()
	op.RequestBody = &openapi3.RequestBodyRef{Value: openapi3.NewRequestBody().WithRequired(true).WithJSONSchema(body)}
	op.AddResponse(http.StatusCreated, openapi3.NewResponse().WithDescription("also for a link that is there already"))
	for _, prefix := range []string{"/rest/api/2", "/api/2"} { // Cloud's document, Data Center's
		if doc.Paths.Value(prefix+"/issue") != nil {
			doc.Paths.Set(prefix+"/issueLink", &openapi3.PathItem{Post: op})
		}
	}
}

// validator is a transport that holds every request against a specification
// before it goes on.
type validator struct {
	t      testing.TB
	router routers.Router // nil: there is nothing to hold them against
	next   http.RoundTripper
	base   string // path of the connector's apiUrl
	seen   *atomic.Int64
}

// router loads the specification. It is nil where the specifications are not
// there, as in a clone with nothing beside it; where CI is set that fails t.
func (s *specification) router(t testing.TB) routers.Router {
	t.Helper()
	router, err := s.load()
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") != "true" {
		t.Logf("requests are not validated: no specification %s beside the repository", s.path)
		return nil
	}
	if err != nil {
		t.Fatalf("specification %s: %v", s.path, err)
	}
	return router
}

// needRouter skips the test without the specification.
func (s *specification) needRouter(t testing.TB) routers.Router {
	t.Helper()
	router := s.router(t)
	if router == nil {
		t.Skip("nothing to test without the specification")
	}
	return router
}

// validate puts a validator before next.
func validate(t testing.TB, router routers.Router, base string, next http.RoundTripper) *validator {
	return &validator{t: t, router: router, next: next, base: base, seen: &atomic.Int64{}}
}

// counting adds up what several validators have seen.
func (v *validator) counting(seen *atomic.Int64) *validator {
	v.seen = seen
	return v
}

// RoundTrip implements http.RoundTripper.
func (v *validator) RoundTrip(req *http.Request) (*http.Response, error) {
	if v.router != nil {
		if err := v.check(req); err != nil {
			v.t.Errorf("%s %s is not in the specification: %v", req.Method, req.URL.Path, err)
		}
	}
	v.seen.Add(1)
	return v.next.RoundTrip(req)
}

func (v *validator) check(req *http.Request) error {
	var body []byte
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return err
		}
		body = b
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	in := req.Clone(req.Context())
	in.Body = io.NopCloser(bytes.NewReader(body))
	in.URL = &url.URL{
		Path: strings.TrimPrefix(req.URL.EscapedPath(), v.base), RawQuery: req.URL.RawQuery,
	}
	route, params, err := v.router.FindRoute(in)
	if err != nil {
		return err
	}
	return openapi3filter.ValidateRequest(in.Context(), &openapi3filter.RequestValidationInput{
		Request: in, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true},
	})
}
