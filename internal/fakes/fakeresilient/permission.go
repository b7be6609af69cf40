package fakeresilient

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/casepush/casepush/internal/fakes"
)

// rights are what a key may do.
func rights() []string { return []string{"create", "read", "write", "comment"} }

// Permit sets what the key may do, by name: create, read and write incidents,
// and comment on them. At first it may do all of it. What it may not do is
// refused with 403.
func (f *Fake) Permit(allowed map[string]bool) error {
	for _, name := range slices.Sorted(maps.Keys(allowed)) {
		if !slices.Contains(rights(), name) {
			return fmt.Errorf("permission %q: unknown; there are %q", name, rights())
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, yes := range allowed {
		f.denied[name] = !yes
	}
	return nil
}

// refused needs the lock.
func (f *Fake) refused(right string) bool { return f.denied[right] }

// need lets through what the key may do.
func (f *Fake) need(right string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		no := f.refused(right)
		f.mu.Unlock()
		if no {
			refuse(w, http.StatusForbidden, "Forbidden")
			return
		}
		next(w, r)
	}
}

// permissions is the control route.
func (f *Fake) permissions(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
	case http.MethodPut:
		var allowed map[string]bool
		b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, fakes.MaxRequestBytes))
		if err == nil {
			err = fakes.DecodeOne(b, &allowed)
		}
		if err == nil {
			err = f.Permit(allowed)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	default:
		http.Error(w, "GET or PUT", http.StatusMethodNotAllowed)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	all := map[string]bool{}
	for _, name := range rights() {
		all[name] = !f.denied[name]
	}
	fakes.WriteJSON(w, http.StatusOK, all)
}
