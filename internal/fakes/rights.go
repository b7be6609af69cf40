package fakes

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
)

// Rights are what the users of a fake may do, by name. All are given at first.
// Safe for concurrent use.
type Rights struct {
	names  []string // sorted
	mu     sync.Mutex
	denied map[string]bool
}

// NewRights makes the rights of these names.
func NewRights(names ...string) *Rights {
	return &Rights{names: slices.Sorted(slices.Values(names)), denied: map[string]bool{}}
}

// Permit gives rights, or takes them away: {"write": false}. An unknown name is
// an error and nothing changes.
func (r *Rights) Permit(given map[string]bool) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(r.names, name) {
			return fmt.Errorf("permission %q: there are %q", name, r.names)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, yes := range given {
		r.denied[name] = !yes
	}
	return nil
}

// Denied reports whether a right was taken away.
func (r *Rights) Denied(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.denied[name]
}

// all are the rights by name.
func (r *Rights) all() map[string]bool {
	all := map[string]bool{}
	for _, name := range r.names {
		all[name] = !r.Denied(name)
	}
	return all
}

// ServeHTTP is the control route /__permissions: GET, and PUT with a JSON object
// for Permit. Both answer all rights.
func (r *Rights) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	ServeSetting(w, req, r.Permit, r.all)
}

// ServeSetting is a control route with a value: GET answers it, and PUT sets it
// before.
func ServeSetting[T, A any](w http.ResponseWriter, r *http.Request, set func(T) error, get func() A) {
	switch r.Method {
	case http.MethodGet:
	case http.MethodPut:
		var v T
		b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxRequestBytes))
		if err == nil {
			err = DecodeOne(b, &v)
		}
		if err == nil {
			err = set(v)
		}
		if err != nil {
			ControlError(w, http.StatusBadRequest, err)
			return
		}
	default:
		ControlError(w, http.StatusMethodNotAllowed, fmt.Errorf("%s %q: there are GET and PUT", r.Method, r.URL.Path))
		return
	}
	WriteJSON(w, http.StatusOK, get())
}
