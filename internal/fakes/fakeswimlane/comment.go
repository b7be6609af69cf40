package fakeswimlane

import (
	"net/http"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

// commentBody is the body of a comment.
type commentBody struct {
	Type        string  `json:"$type"`
	CreatedDate string  `json:"createdDate"`
	FieldID     string  `json:"fieldId"`
	IsRichText  bool    `json:"isRichText"`
	Message     *string `json:"message"`
}

// addComment adds a comment to a field of type comments. Its answer has no
// body: no client asks for one.
func (f *Fake) addComment(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var body commentBody
	if !decode(w, r, &body) {
		return
	}
	rec := f.writable(w, r)
	if rec == nil {
		return
	}
	id := r.PathValue("field")
	field, ok := f.app(rec.appID).field(id)
	var wrong *refusal
	switch _, err := time.Parse(time.RFC3339, body.CreatedDate); {
	case !ok:
		wrong = refused(fieldNotFound, id)
	case field.FieldType != "comments":
		wrong = refused(wrongType, field.Name)
	case err != nil:
		wrong = refused(invalidDateField, "createdDate")
	case body.Message == nil || (body.FieldID != "" && body.FieldID != id):
		wrong = refused(modelValidation, "message and fieldId")
	case field.MaxLength > 0 && fakes.UTF16Len(*body.Message) > field.MaxLength:
		wrong = refused(modelValidation, field.Name)
	}
	if wrong != nil {
		wrong.send(w)
		return
	}
	rec.comments[id] = append(rec.comments[id], Comment{Message: *body.Message, IsRichText: body.IsRichText, CreatedDate: body.CreatedDate})
	rec.modified = time.Now()
	fakes.Acted(r)
	w.WriteHeader(http.StatusNoContent)
}

// lockRecord locks a record for the token's user.
func (f *Fake) lockRecord(w http.ResponseWriter, r *http.Request) { f.setLock(w, r, f.opts.UserName) }

func (f *Fake) unlockRecord(w http.ResponseWriter, r *http.Request) { f.setLock(w, r, "") }

func (f *Fake) setLock(w http.ResponseWriter, r *http.Request, by string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	rec := f.writable(w, r)
	if rec == nil {
		return
	}
	rec.lockedBy, rec.lockedAt = by, time.Now()
	fakes.Acted(r)
	fakes.WriteJSON(w, http.StatusOK, f.render(rec))
}
