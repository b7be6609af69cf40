package fakeresilient

import "net/http"

// Permit sets what the key may do, by name: create, read and write incidents,
// and comment on them. What it may not do is refused with 403. See
// [fakes.Rights].
func (f *Fake) Permit(allowed map[string]bool) error { return f.rights.Permit(allowed) }

// need lets through what the key may do.
func (f *Fake) need(right string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if f.rights.Denied(right) {
			refuse(w, http.StatusForbidden, "Forbidden")
			return
		}
		next(w, r)
	}
}
