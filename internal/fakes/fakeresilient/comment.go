package fakeresilient

import (
	"net/http"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

func (f *Fake) comment(w http.ResponseWriter, r *http.Request) {
	format, ok := textFormat(w, r)
	var body struct {
		Text   any  `json:"text"`
		Parent *int `json:"parent_id"`
	}
	if !ok || !decode(w, r, &body) {
		return
	}
	v, problem := f.storeText(Field{Name: "text"}, body.Text)
	text, _ := v.(*Text)
	if problem == "" && strings.TrimSpace(text.Content) == "" {
		problem = "The field text is required."
	}
	if problem != "" {
		refuse(w, http.StatusBadRequest, problem)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.findOr404(w, r)
	if i == nil {
		return
	}
	c := Comment{ID: f.newID(), Text: text, Created: time.Now()}
	i.comments = append(i.comments, c)
	i.updated = c.Created
	fakes.Acted(r)
	fakes.WriteJSON(w, http.StatusOK, i.showComment(c, format))
}

func (f *Fake) comments(w http.ResponseWriter, r *http.Request) {
	format, ok := textFormat(w, r)
	if !ok {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.findOr404(w, r)
	if i == nil {
		return
	}
	list := []any{}
	for _, c := range i.comments {
		list = append(list, i.showComment(c, format))
	}
	fakes.WriteJSON(w, http.StatusOK, list)
}

func (i *incident) showComment(c Comment, format string) map[string]any {
	return map[string]any{
		"id": c.ID, "type": "incident", "parent_id": nil, "text": c.Text.show(format), "children": []any{}, "is_deleted": c.Deleted,
		"inc_id": i.id, "create_date": millis(c.Created), "modify_date": millis(c.Created), "user_name": "API key",
		"comment_perms": map[string]bool{"update": true, "delete": true},
	}
}
