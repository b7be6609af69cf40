package fakeswimlane

import (
	"io"
	"net/http"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
)

// refusal is the body of a 400, by swimlane-python's table of codes.
type refusal struct {
	Code     int     `json:"ErrorCode"`
	Argument *string `json:"Argument"`
}

// Codes of Swimlane's errors.
const (
	applicationNotFound = 2003
	duplicateFieldValue = 3000
	invalidDateField    = 3001
	recordNotFound      = 3002
	fieldNotFound       = 3003
	badFilter           = 4001
	modelValidation     = 5008
	requiredMissing     = 5010
	wrongType           = 5013
)

// refused is a refusal with an argument; "" has none.
func refused(code int, argument string) *refusal {
	r := &refusal{Code: code}
	if argument != "" {
		r.Argument = &argument
	}
	return r
}

func (r *refusal) send(w http.ResponseWriter) { fakes.WriteJSON(w, http.StatusBadRequest, r) }

// authenticate lets requests with the right token through; others get 401
// without a body.
func (f *Fake) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("Private-Token")
		if f.opts.Token.IsSet() && token != f.opts.Token.Reveal() {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// decode reads a JSON body into v and answers 415 or 400 if it cannot.
func decode(w http.ResponseWriter, r *http.Request, v any) bool {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return false
	}
	b, err := io.ReadAll(r.Body)
	if err == nil {
		err = fakes.DecodeOne(b, v)
	}
	if err != nil {
		refused(modelValidation, err.Error()).send(w)
		return false
	}
	return true
}

func (f *Fake) authorize(w http.ResponseWriter, _ *http.Request) {
	fakes.WriteJSON(w, http.StatusOK, map[string]any{
		"$type": "Core.Models.Identity.ApplicationUser, Core", "id": "58de1d1c07637a0264c0ca6a", "name": f.opts.UserName,
		"displayName": f.opts.UserName, "userName": f.opts.UserName, "isAdmin": false, "disabled": false, "groups": []any{}, "roles": []any{},
	})
}

func (f *Fake) settings(w http.ResponseWriter, _ *http.Request) {
	fakes.WriteJSON(w, http.StatusOK, map[string]any{"apiVersion": "10.19.2+0+1"})
}
