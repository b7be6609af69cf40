package fakewebhook

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
)

// reply is an answer; without a body it has none.
type reply struct {
	status int
	body   any
}

// refusal is an answer that says why nothing was done.
type refusal struct {
	status  int
	message string
}

func refuse(status int, message string) *refusal { return &refusal{status, message} }

func (r *refusal) reply() reply {
	return reply{r.status, map[string]any{"error": map[string]string{"message": r.message}}}
}

// handler handles a request whose body was read, under the lock.
type handler func(r *http.Request, body []byte) reply

// write serves a handler.
func (f *Fake) write(handle handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, no := readBody(r)
		if no != nil {
			f.send(w, no.reply())
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.send(w, handle(r, body))
	}
}

// once is write for what must not happen twice, if the target is idempotent.
func (f *Fake) once(handle handler) http.HandlerFunc {
	return f.write(func(r *http.Request, body []byte) reply {
		key := r.Header.Get("Idempotency-Key")
		if key == "" || !f.opts.Idempotent {
			return handle(r, body)
		}
		key = r.Method + " " + r.URL.Path + " " + key
		if before, ok := f.seen[key]; ok {
			return before
		}
		now := handle(r, body)
		if now.status < 300 { // what was refused may be put right and sent again
			f.seen[key] = now
		}
		return now
	})
}

// readBody reads the body of a request that has one.
func readBody(r *http.Request) ([]byte, *refusal) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, refuse(400, "the body cannot be read")
	}
	if r.Method == http.MethodGet {
		return nil, nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, refuse(415, "the content type must be application/json")
	}
	return body, nil
}

func (f *Fake) send(w http.ResponseWriter, a reply) {
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	b, err := json.Marshal(a.body)
	if err != nil {
		http.Error(w, "fake: encode answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", f.opts.ContentType)
	w.WriteHeader(a.status)
	// An error means that the client has left: nobody to tell.
	_, _ = w.Write(b)
}

// authenticate lets requests with the right credentials through.
func (f *Fake) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !f.authentic(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="incidents"`)
			f.send(w, refuse(401, "who are you?").reply())
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (f *Fake) authentic(r *http.Request) bool {
	if f.opts.Password.IsSet() {
		user, password, ok := r.BasicAuth()
		if !ok || user != f.opts.User || password != f.opts.Password.Reveal() {
			return false
		}
	}
	return f.opts.Header == "" || r.Header.Get(f.opts.Header) == f.opts.Value.Reveal()
}
