package fakeresilient

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

// status is the body of a refusal, and of a patch.
type status struct {
	Success  bool      `json:"success"`
	Title    *string   `json:"title"`
	Message  *string   `json:"message"`
	Hints    []string  `json:"hints"`
	Code     string    `json:"error_code,omitempty"`
	Failures []failure `json:"field_failures,omitempty"`
}

// failure is a field of a patch that somebody else has changed.
type failure struct {
	Field    string `json:"field"`
	Original any    `json:"your_original_value"`
	Current  any    `json:"actual_current_value"`
}

func refuse(w http.ResponseWriter, code int, message string) {
	fakes.WriteJSON(w, code, status{Message: &message, Hints: []string{}, Code: "generic"})
}

// authenticate lets requests with the API key through.
func (f *Fake) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, key, ok := r.BasicAuth()
		if f.opts.KeySecret.IsSet() && (!ok || id != f.opts.KeyID || key != f.opts.KeySecret.Reveal()) {
			refuse(w, http.StatusUnauthorized, "Authentication failed.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// decode reads a JSON body into v and answers 400 if it cannot.
func decode(w http.ResponseWriter, r *http.Request, v any) bool {
	if ct := r.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") {
		refuse(w, http.StatusUnsupportedMediaType, "Unsupported Media Type")
		return false
	}
	b, err := io.ReadAll(r.Body)
	if err == nil {
		err = fakes.DecodeOne(b, v)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "Unable to process the JSON: "+err.Error())
		return false
	}
	return true
}

// findOr404 needs the lock.
func (f *Fake) findOr404(w http.ResponseWriter, r *http.Request) *incident {
	i := f.find(r.PathValue("id"))
	if i == nil {
		refuse(w, http.StatusNotFound, "Unable to find object Incident with ID "+r.PathValue("id")+".")
	}
	return i
}

// millis is a time as the API has it.
func millis(t time.Time) int64 { return t.UnixMilli() }

// textFormats are the values of text_content_output_format.
var textFormats = [...]string{"default", "objects_convert", "objects_no_convert", "objects_convert_html", "objects_convert_text", "always_text"}

// textFormat is the one that is asked for, by parameter or header; an unknown
// one answers 400.
func textFormat(w http.ResponseWriter, r *http.Request) (string, bool) {
	format := r.URL.Query().Get("text_content_output_format")
	if format == "" {
		format = r.Header.Get("text_content_output_format")
	}
	if format == "" {
		return "default", true
	}
	for _, known := range textFormats {
		if format == known {
			return format, true
		}
	}
	refuse(w, http.StatusBadRequest, "Invalid value for text_content_output_format.")
	return "", false
}

// show is a text in the asked format; nil is null.
func (t *Text) show(format string) any {
	if t == nil {
		return nil
	}
	switch format {
	case "objects_convert", "objects_no_convert":
		return *t
	case "objects_convert_html":
		return Text{"html", t.html()}
	case "objects_convert_text":
		return Text{"text", t.plain()}
	case "always_text":
		return t.plain()
	}
	return t.Content
}

// show makes the answer's form of an incident.
func (f *Fake) show(i *incident, format string) map[string]any {
	out := map[string]any{
		"id": i.id, "vers": i.vers, "create_date": millis(i.created), "inc_last_modified_date": millis(i.updated),
		"org_id": f.opts.Orgs[0].ID, "perms": map[string]bool{"read": !f.rights.Denied("read"), "write": !f.rights.Denied("write"), "comment": !f.rights.Denied("comment")},
	}
	properties := map[string]any{}
	for _, d := range f.opts.Fields {
		v := i.get(d)
		if t, ok := v.(*Text); ok {
			v = t.show(format)
		}
		switch {
		case d.Prefix == "properties":
			properties[d.Name] = v
		case out[d.Name] == nil:
			out[d.Name] = v
		}
	}
	out["properties"] = properties
	return out
}
