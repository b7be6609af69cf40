package fakejira

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

// jiraTime is Jira's date format: no colon in the zone, so no RFC 3339.
const jiraTime = "2006-01-02T15:04:05.000-0700"

func jiraDate(t time.Time) string { return t.UTC().Format(jiraTime) }

// jiraErrors is the body of a refusal.
type jiraErrors struct {
	Messages []string          `json:"errorMessages"`
	Errors   map[string]string `json:"errors"`
}

func jiraRefuse(w http.ResponseWriter, status int, messages ...string) {
	if messages == nil {
		messages = []string{}
	}
	fakes.WriteJSON(w, status, jiraErrors{Messages: messages, Errors: map[string]string{}})
}

func jiraRefuseFields(w http.ResponseWriter, errs map[string]string) {
	fakes.WriteJSON(w, http.StatusBadRequest, jiraErrors{Messages: []string{}, Errors: errs})
}

// say picks the words of the flavour.
func (j *Fake) say(cloud, dataCenter string) string {
	if j.opts.Flavour == DataCenter {
		return dataCenter
	}
	return cloud
}

// authenticate lets requests with the right credentials through.
func (j *Fake) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !j.authentic(r) {
			j.unauthorized(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (j *Fake) authentic(r *http.Request) bool {
	if !j.opts.Token.IsSet() && !j.opts.PAT.IsSet() {
		return true
	}
	if user, password, ok := r.BasicAuth(); ok {
		return j.opts.Token.IsSet() && user == j.opts.Email && password == j.opts.Token.Reveal()
	}
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && j.opts.PAT.IsSet() && bearer == j.opts.PAT.Reveal()
}

// unauthorized answers 401. Data Center answers wrong Basic credentials with
// the HTML page of its servlet container.
func (j *Fake) unauthorized(w http.ResponseWriter, r *http.Request) {
	const text = "Client must be authenticated to access this resource."
	w.Header().Set("WWW-Authenticate", `OAuth realm="jira"`)
	if j.opts.Flavour == Cloud {
		jiraRefuse(w, http.StatusUnauthorized, text)
		return
	}
	if _, _, basic := r.BasicAuth(); !basic {
		fakes.WriteJSON(w, http.StatusUnauthorized, map[string]any{"message": text, "status-code": http.StatusUnauthorized})
		return
	}
	w.Header().Set("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = io.WriteString(w, "<html><head><title>Unauthorized (401)</title></head><body><h1>Unauthorized (401)</h1>"+
		"<p>Basic Authentication Failure - Reason : AUTHENTICATED_FAILED</p></body></html>")
}

// decode reads a JSON body into v and answers 400 if it cannot.
func (j *Fake) decode(w http.ResponseWriter, r *http.Request, v any) bool {
	if ct := r.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") {
		jiraRefuse(w, http.StatusUnsupportedMediaType, "Content-Type must be application/json.")
		return false
	}
	b, err := io.ReadAll(r.Body)
	if err == nil {
		err = fakes.DecodeOne(b, v)
	}
	if err != nil {
		jiraRefuse(w, http.StatusBadRequest, j.say(
			"Invalid request payload. Refer to the REST API documentation and try again.", jsonProblem(err)))
		return false
	}
	return true
}

// jsonProblem says what is wrong in the way of Data Center's parser.
func jsonProblem(err error) string {
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return "Unrecognized field " + name
	}
	return "Cannot read the JSON body: " + err.Error()
}

// self is the address of a resource of this Jira.
func (j *Fake) self(r *http.Request, path string) string {
	base := strings.TrimSuffix(j.opts.BaseURL, "/")
	if base == "" {
		base = "http://" + r.Host
	}
	return base + "/rest/api/2" + path
}
