package spectest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// OpenAPI is a published description of an API, made strict: a key at the top
// of a request's body that the description does not name is an error. It is
// safe for concurrent use.
type OpenAPI struct {
	doc    *openapi3.T
	router routers.Router
	prefix string
}

// LoadOpenAPI reads the description of a name, as [Path] takes it. prefix is
// what stands before its paths at a server: "" or "/rest". It takes a second
// or more, so a package reads each once: sync.OnceValues.
func LoadOpenAPI(name, prefix string) (*OpenAPI, error) {
	path, err := Path(name)
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		return nil, fmt.Errorf("specification %q: %w", name, err)
	}
	doc.Servers = openapi3.Servers{{URL: prefix + "/"}}
	refuseUnknownKeys(doc)
	mendAtlassian(doc)
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
	if err != nil {
		return nil, fmt.Errorf("specification %q: %w", name, err)
	}
	return &OpenAPI{doc: doc, router: router, prefix: prefix}, nil
}

// refuseUnknownKeys leaves objects without named keys alone: they take any.
func refuseUnknownKeys(doc *openapi3.T) {
	no := false
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.RequestBody == nil {
				continue
			}
			media := op.RequestBody.Value.Content.Get("application/json")
			if media == nil || media.Schema == nil {
				continue
			}
			if s := media.Schema.Value; s.Type.Is("object") && len(s.Properties) > 0 {
				s.AdditionalProperties = openapi3.AdditionalProperties{Has: &no}
			}
		}
	}
}

// mendAtlassian takes out two defects of the generator of Jira Data Center's
// description: the value of a property is any JSON (as sd.public.comment
// shows), not a string; and the fields of a search are texts, not objects.
func mendAtlassian(doc *openapi3.T) {
	if doc.Components != nil {
		if bean := doc.Components.Schemas["EntityPropertyBean"]; bean != nil {
			bean.Value.Properties["value"] = openapi3.NewSchemaRef("", openapi3.NewSchema())
		}
	}
	search := doc.Paths.Value("/api/2/search")
	if search == nil || search.Get == nil {
		return
	}
	if fields := search.Get.Parameters.GetByInAndName("query", "fields"); fields != nil {
		fields.Schema.Value.Items = openapi3.NewSchemaRef("", openapi3.NewStringSchema())
	}
}

// Check says what the description has against a request; nil is nothing. base
// is the path at which the server is, "" at the root. The body is read, and is
// there again afterwards.
func (s *OpenAPI) Check(req *http.Request, base string) error {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return fmt.Errorf("read the body of a request: %w", err)
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	in := req.Clone(req.Context())
	in.Body = io.NopCloser(bytes.NewReader(body))
	in.URL = &url.URL{Path: strings.TrimPrefix(req.URL.EscapedPath(), base), RawQuery: req.URL.RawQuery}
	route, params, err := s.router.FindRoute(in)
	if err != nil {
		return err
	}
	return openapi3filter.ValidateRequest(in.Context(), &openapi3filter.RequestValidationInput{
		Request: in, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true},
	})
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// Route is a method and a path in which "{}" stands for every variable part,
// whatever its name: GET /rest/api/2/issue/{}.
func Route(method, path string) string {
	return method + " " + placeholder.ReplaceAllString(path, "{}")
}

// Routes are all that the description has.
func (s *OpenAPI) Routes() map[string]bool {
	routes := map[string]bool{}
	for path, item := range s.doc.Paths.Map() {
		for method := range item.Operations() {
			routes[Route(method, s.prefix+path)] = true
		}
	}
	return routes
}
