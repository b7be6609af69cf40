package fakeservicenow

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/secret"
)

// nobody is who a request without a user name is by.
const nobody = "casepush"

type userKey struct{}

// user is who sent the request.
func user(r *http.Request) string {
	name, _ := r.Context().Value(userKey{}).(string)
	return name
}

// authenticate lets requests with the right credentials through.
func (f *Fake) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := f.authentic(r)
		if !ok {
			w.Header().Set("WWW-Authenticate", `BASIC realm="Service-now"`)
			(&refusal{http.StatusUnauthorized, "User Not Authenticated", "Required to provide Auth information"}).send(w)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), userKey{}, name)))
	})
}

// authentic returns the user whom the credentials are of.
func (f *Fake) authentic(r *http.Request) (string, bool) {
	open := len(f.opts.Users) == 0 && f.opts.OAuth == nil
	if name, password, ok := r.BasicAuth(); ok {
		want, known := f.opts.Users[name]
		return name, open || known && want.Equal(secret.New(password))
	}
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		if name, ok := f.tokenUser(bearer, time.Now()); ok {
			return name, true
		}
	}
	return nobody, open
}
