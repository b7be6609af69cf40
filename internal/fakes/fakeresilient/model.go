package fakeresilient

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// Text is a text in one of two formats.
type Text struct {
	Format  string `json:"format"` // text or html
	Content string `json:"content"`
}

// Incident is an incident as it stands.
type Incident struct {
	ID      string `json:"id"`
	Version int    `json:"vers"`
	// Fields by their names: strings, numbers (json.Number), bools, lists of
	// these, *Text for textareas.
	Fields     map[string]any `json:"fields"`
	Properties map[string]any `json:"properties"` // custom fields
	Comments   []Comment      `json:"comments"`   // oldest first
	Created    time.Time      `json:"created"`
	Updated    time.Time      `json:"updated"`
}

// Name is the incident's name.
func (i Incident) Name() string {
	s, _ := i.Fields["name"].(string)
	return s
}

// Text returns a textarea; the zero value if there is none.
func (i Incident) Text(field string) Text {
	if t, ok := i.Fields[field].(*Text); ok && t != nil {
		return *t
	}
	return Text{}
}

// Closed reports whether the incident is closed.
func (i Incident) Closed() bool { return i.Fields["plan_status"] == "C" }

// Comment is a comment of an incident.
type Comment struct {
	ID      int       `json:"id"`
	Text    *Text     `json:"text"` // nil: the server shows none
	Deleted bool      `json:"is_deleted"`
	Created time.Time `json:"created"`
}

// incident is the stored form.
type incident struct {
	id         int
	vers       int
	fields     map[string]any
	properties map[string]any
	comments   []Comment
	created    time.Time
	updated    time.Time
}

// public is a copy. Stored values are never changed in place.
func (i *incident) public() Incident {
	return Incident{
		ID: strconv.Itoa(i.id), Version: i.vers, Fields: maps.Clone(i.fields), Properties: maps.Clone(i.properties),
		Comments: slices.Clone(i.comments), Created: i.created, Updated: i.updated,
	}
}

// get returns the value of a field.
func (i *incident) get(d Field) any {
	if d.Prefix == "properties" {
		return i.properties[d.Name]
	}
	return i.fields[d.Name]
}

func (i *incident) set(d Field, v any) {
	if d.Prefix == "properties" {
		i.properties[d.Name] = v
		return
	}
	i.fields[d.Name] = v
}

// Say adds a comment as a person or a script does: nil is one without a text.
// It reports whether there is such an incident.
func (f *Fake) Say(id string, text *Text) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.find(id)
	if i == nil {
		return false
	}
	i.comments = append(i.comments, Comment{ID: f.newID(), Text: text, Created: time.Now()})
	return true
}
