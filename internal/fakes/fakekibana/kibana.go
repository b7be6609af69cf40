package fakekibana

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/secret"
)

// Options describes a fake Kibana. The zero value is a 9.1.0 that takes
// any credentials.
type Options struct {
	// Version decides which routes and query keys there are: major.minor.patch,
	// from 7.13 on; "" is 9.1.0. Any other text is told to clients as it is,
	// with the behaviour of the newest: see [Options.Check].
	Version string

	// APIKeys are let in, each as base64 of "id:key" or as "id:key" itself (an
	// "ApiKey" header has the former); Users are passwords by name. If neither
	// is set every request is let in.
	APIKeys []secret.String
	Users   map[string]secret.String
	// Username is who an API key writes as, and, when every request is let in,
	// who writes without Basic authentication; "" is casepush.
	Username string

	// SpuriousConflicts: the first so many PATCH /api/cases answer 409 and
	// raise the version of the cases they name, as a background job of Kibana's
	// does.
	SpuriousConflicts int

	// Seed for Rule.Probability; 0 is 1.
	Seed uint64
	// JournalSize: see [fakes.NewJournal].
	JournalSize int
}

// Fake is a fake Kibana with the Cases API. Its routes, each also under
// /s/{space}; any space exists:
//
//	GET          /api/status
//	GET          /api/cases/{id}                  ?includeComments below 9.0, 400 from there
//	GET          /api/cases/_find
//	POST, PATCH  /api/cases
//	GET          /api/cases/{id}/comments/_find   user comments only from 9.0 on
//	GET          /api/cases/{id}/comments         below 9.0
//	POST, PATCH  /api/cases/{id}/comments
//	DELETE       /api/cases/{id}/comments/{comment}
//	GET          /api/cases/{id}/alerts
//	POST         /api/detection_engine/signals/search   by ids alone
//	GET          /api/cases/{id}/user_actions/_find   from 8.7
//	GET          /api/cases/{id}/user_actions         below 9.0, below 8.0 in the older form
//	GET          /api/cases/configure             one object below 7.14, else a list
//
// Every write but GET needs the header kbn-xsrf. What it does not do:
// privileges of single users, licences, alert sync, pushing to a tracker; what
// Kibana's own push leaves behind is made by [Kibana.RecordPush].
type Fake struct {
	*fakes.Front
	opts         Options
	major, minor int

	mu        sync.Mutex
	seq       int64
	conflicts int                     // spurious ones that are left
	cases     map[string]*kibanaCase  // by id: ids are unique over all spaces
	order     []string                // ids, oldest first
	configs   map[string][]*configDoc // by space
	alerts    map[string]alertDoc     // by id
}

// newestKibana is played unless the options say otherwise.
const newestKibana = "9.1.0"

// New makes a fake Kibana without cases.
func New(opts Options) *Fake {
	if opts.Version == "" {
		opts.Version = newestKibana
	}
	if opts.Username == "" {
		opts.Username = "casepush"
	}
	k := &Fake{opts: opts, conflicts: opts.SpuriousConflicts, cases: map[string]*kibanaCase{}, configs: map[string][]*configDoc{}, alerts: map[string]alertDoc{}}
	k.major, k.minor = math.MaxInt, 0
	if major, minor, err := parseRelease(opts.Version); err == nil {
		k.major, k.minor = major, minor
	}
	k.Front = fakes.NewFront(opts.Seed, opts.JournalSize, k.dump, k.routes())
	return k
}

// Check returns an error if Version is neither empty nor a version.
func (o Options) Check() error {
	if o.Version == "" {
		return nil
	}
	_, _, err := parseRelease(o.Version)
	return err
}

// parseRelease reads major and minor of a version.
func parseRelease(version string) (major, minor int, err error) {
	parts := strings.Split(version, ".")
	if len(parts) != 3 {
		return 0, 0, fmt.Errorf("version %q: want major.minor.patch", version)
	}
	for i, to := range []*int{&major, &minor} {
		n, err := strconv.ParseUint(parts[i], 10, 16)
		if err != nil {
			return 0, 0, fmt.Errorf("version %q: want major.minor.patch", version)
		}
		*to = int(n)
	}
	return major, minor, nil
}

// atLeast compares with the version that is played.
func (k *Fake) atLeast(major, minor int) bool {
	return k.major > major || k.major == major && k.minor >= minor
}

// spaceKey is where a request's space is in its context.
type spaceKey struct{}

// spaceOf is the space that a request names.
func spaceOf(r *http.Request) string {
	s, _ := r.Context().Value(spaceKey{}).(string)
	return s
}

func (k *Fake) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]http.HandlerFunc{
		"GET /api/status":                             k.status,
		"GET /api/cases/_find":                        k.findCases,
		"GET /api/cases/configure":                    k.getConfigure,
		"GET /api/cases/{case}":                       k.getCase,
		"POST /api/cases":                             k.createCase,
		"PATCH /api/cases":                            k.patchCases,
		"GET /api/cases/{case}/comments/_find":        k.findComments,
		"GET /api/cases/{case}/comments":              k.allComments,
		"POST /api/cases/{case}/comments":             k.createComment,
		"PATCH /api/cases/{case}/comments":            k.patchComment,
		"DELETE /api/cases/{case}/comments/{comment}": k.removeComment,
		"GET /api/cases/{case}/alerts":                k.caseAlerts,
		"POST /api/detection_engine/signals/search":   k.searchAlerts,
		"GET /api/cases/{case}/user_actions/_find":    k.findActions,
		"GET /api/cases/{case}/user_actions":          k.allActions,
		"/":                                           func(w http.ResponseWriter, r *http.Request) { kibanaRefuse(w, http.StatusNotFound, "Not Found") },
	} {
		mux.HandleFunc(pattern, handle)
	}
	return k.guard(mux)
}

// guard checks what Kibana checks before any route.
func (k *Fake) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		space, rest := splitSpace(r.URL.EscapedPath())
		if _, ok := k.caller(r); !ok {
			w.Header().Set("WWW-Authenticate", `Basic realm="security" charset="UTF-8"`)
			kibanaRefuse(w, http.StatusUnauthorized, "unable to authenticate the request")
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Header.Get("kbn-xsrf") == "" {
			kibanaRefuse(w, http.StatusBadRequest, "Request must contain a kbn-xsrf header.")
			return
		}
		in := r.Clone(context.WithValue(r.Context(), spaceKey{}, space))
		// Unescaping cannot fail: the path was parsed from this form.
		in.URL.Path, _ = url.PathUnescape(rest)
		in.URL.RawPath = rest
		next.ServeHTTP(w, in)
	})
}

// splitSpace takes /s/{space} off an escaped path.
func splitSpace(escaped string) (space, rest string) {
	after, ok := strings.CutPrefix(escaped, "/s/")
	if !ok {
		return "default", escaped
	}
	space, rest, _ = strings.Cut(after, "/")
	if plain, err := url.PathUnescape(space); err == nil {
		space = plain
	}
	return space, "/" + rest
}

// caller is who makes the request; ok is false if nobody that is known.
func (k *Fake) caller(r *http.Request) (who kibana.User, ok bool) {
	name, password, basic := r.BasicAuth()
	if len(k.opts.APIKeys) == 0 && len(k.opts.Users) == 0 {
		if !basic || name == "" {
			name = k.opts.Username
		}
		return kibana.User{Username: name}, true
	}
	if basic {
		want, known := k.opts.Users[name]
		return kibana.User{Username: name}, known && want.Equal(secret.New(password))
	}
	if key, found := strings.CutPrefix(r.Header.Get("Authorization"), "ApiKey "); found {
		for _, want := range k.opts.APIKeys {
			if want.Equal(secret.New(key)) || encodedKey(want).Equal(secret.New(key)) {
				return kibana.User{Username: k.opts.Username}, true
			}
		}
	}
	return kibana.User{}, false
}

// encodedKey is an "id:key" as it stands in a header.
func encodedKey(key secret.String) secret.String {
	return secret.New(base64.StdEncoding.EncodeToString([]byte(key.Reveal())))
}

// as is the caller of a request that guard has let in.
func (k *Fake) as(r *http.Request) kibana.User {
	who, _ := k.caller(r)
	return who
}

func (k *Fake) status(w http.ResponseWriter, _ *http.Request) {
	fakes.WriteJSON(w, http.StatusOK, map[string]any{
		"name": "fake-kibana", "uuid": "00000000-0000-4000-8000-000000000000",
		"version": map[string]any{"number": k.opts.Version, "build_hash": strings.Repeat("0", 40), "build_number": 1, "build_snapshot": false},
		"status":  map[string]any{"overall": map[string]any{"level": "available", "summary": "All services are available"}},
	})
}

// kibanaError is the body of every refusal.
type kibanaError struct {
	StatusCode int    `json:"statusCode"`
	Error      string `json:"error"`
	Message    string `json:"message"`
}

func kibanaRefuse(w http.ResponseWriter, status int, message string) {
	fakes.WriteJSON(w, status, kibanaError{StatusCode: status, Error: http.StatusText(status), Message: message})
}

// stamp is a time as Kibana writes it.
func stamp(t time.Time) kibana.Time { return kibana.Time{Time: t.UTC().Truncate(time.Millisecond)} }

// nextVersion needs the lock.
func (k *Fake) nextVersion() string {
	k.seq++
	return kibana.FormatVersion(k.seq, 1)
}

func (k *Fake) dump() any {
	k.mu.Lock()
	defer k.mu.Unlock()
	cases := []any{}
	for _, id := range k.order {
		c := k.cases[id]
		cases = append(cases, map[string]any{"space_id": c.space, "case": c.render(true), "user_actions": c.actions})
	}
	configs := map[string][]*configDoc{}
	for space, list := range k.configs {
		configs[space] = append(configs[space], list...)
	}
	// Encoded under the lock: what it holds may change afterwards.
	b, err := json.Marshal(map[string]any{"version": k.opts.Version, "cases": cases, "configurations": configs})
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return json.RawMessage(b)
}
