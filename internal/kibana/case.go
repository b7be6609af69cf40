// Package kibana reads cases from Kibana, finds what Kibana itself has pushed,
// and closes cases. It uses public routes only and works with 7.17 to 9.x.
package kibana

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Case is a case as GET /api/cases/{id} gives it, without what no push needs.
// Unknown keys are ignored; null and absent are the same.
type Case struct {
	ID              string           `json:"id"`
	Version         string           `json:"version"`
	Owner           string           `json:"owner"`
	Title           string           `json:"title"`
	Description     string           `json:"description"`
	Tags            []string         `json:"tags"`
	Status          string           `json:"status"`
	Severity        string           `json:"severity"`
	Connector       CaseConnector    `json:"connector"`
	ExternalService *ExternalService `json:"external_service"`
	CreatedAt       Time             `json:"created_at"`
	CreatedBy       *User            `json:"created_by"`
	UpdatedAt       Time             `json:"updated_at"`
	UpdatedBy       *User            `json:"updated_by"`
	ClosedAt        Time             `json:"closed_at"`
	TotalAlerts     int              `json:"totalAlerts"`
	TotalComment    int              `json:"totalComment"`
	// Comments holds attachments of every type, oldest first.
	Comments []Comment `json:"comments"`
	// Alerts are alert documents; only a snapshot carries them.
	Alerts []map[string]any `json:"alerts"`
}

// CaseConnector is the connector that a case names.
type CaseConnector struct {
	ID     string          `json:"id"`
	Name   string          `json:"name"`
	Type   string          `json:"type"`
	Fields json.RawMessage `json:"fields"`
}

// NoConnector is the id of "no connector" in cases and configurations.
const NoConnector = "none"

// ExternalService is Kibana's record of one push.
type ExternalService struct {
	ConnectorID   string `json:"connector_id"`
	ConnectorName string `json:"connector_name"`
	ExternalID    string `json:"external_id"`
	ExternalTitle string `json:"external_title"`
	ExternalURL   string `json:"external_url"`
	PushedAt      Time   `json:"pushed_at"`
	PushedBy      *User  `json:"pushed_by"`
}

// Comment is one attachment of a case.
type Comment struct {
	ID        string     `json:"id"`
	Version   string     `json:"version"`
	Type      string     `json:"type"`    // "user" for comments of people; newer Kibana: "comment" too
	Text      string     `json:"comment"` // of user comments
	AlertID   StringList `json:"alertId"` // of alert attachments
	CreatedAt Time       `json:"created_at"`
	CreatedBy *User      `json:"created_by"`
	UpdatedAt Time       `json:"updated_at"`
	UpdatedBy *User      `json:"updated_by"`
	PushedAt  Time       `json:"pushed_at"`
}

// UnmarshalJSON reads the form of the public routes and the newer one, which
// has the text under data.content. An attachment of a type that no push needs is
// kept with its id and type alone if the rest has an unknown form.
func (c *Comment) UnmarshalJSON(b []byte) error {
	type plain Comment
	var full struct {
		plain
		Data json.RawMessage `json:"data"`
	}
	err := json.Unmarshal(b, &full)
	if err == nil {
		*c = Comment(full.plain)
		if c.Text == "" && len(full.Data) > 0 {
			var data struct {
				Content string `json:"content"`
			}
			_ = json.Unmarshal(full.Data, &data) // or another type's own form
			c.Text = data.Content
		}
		return nil
	}
	var bare struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}
	if json.Unmarshal(b, &bare) != nil {
		return err
	}
	*c = Comment{ID: bare.ID, Type: bare.Type}
	if c.IsUser() || c.IsAlert() {
		return err
	}
	return nil
}

// IsUser reports whether a person wrote it.
func (c Comment) IsUser() bool { return c.Type == "user" || c.Type == "comment" }

// IsAlert reports whether it attaches alerts.
func (c Comment) IsAlert() bool { return c.Type == "alert" }

// User is who did something, as Kibana stores it.
type User struct {
	Username   string `json:"username"`
	FullName   string `json:"full_name"`
	Email      string `json:"email"`
	ProfileUID string `json:"profile_uid"`
}

// Configuration is the case configuration of one owner in one space.
type Configuration struct {
	ID          string        `json:"id"`
	Version     string        `json:"version"`
	Owner       string        `json:"owner"`
	ClosureType string        `json:"closure_type"`
	Connector   CaseConnector `json:"connector"`
	Mappings    []Mapping     `json:"mappings"`
}

// Mapping is one row of a configuration's mappings.
type Mapping struct {
	Source     string `json:"source"`
	Target     string `json:"target"`
	ActionType string `json:"action_type"`
}

// Time is a time that may be null or, from other tools' snapshots, without a
// zone (then UTC). The zero value is null.
type Time struct{ time.Time }

var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700", "2006-01-02T15:04:05.999999999"}

// UnmarshalJSON reads null, "" and the layouts that occur.
func (t *Time) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		*t = Time{}
		return nil
	}
	s, err := plainText(b)
	if err != nil {
		return fmt.Errorf("time: want a string: %w", err)
	}
	if s == "" {
		*t = Time{}
		return nil
	}
	for _, layout := range timeLayouts {
		if v, err := time.Parse(layout, s); err == nil {
			*t = Time{v.UTC()}
			return nil
		}
	}
	return fmt.Errorf("time %q: not RFC 3339", s)
}

// plainText decodes a JSON string, at no cost if nothing in it is escaped: a
// case has many times.
func plainText(b []byte) (s string, err error) {
	if n := len(b); n >= 2 && b[0] == '"' && bytes.IndexByte(b, '\\') < 0 {
		return string(b[1 : n-1]), nil
	}
	err = json.Unmarshal(b, &s)
	return s, err
}

// MarshalJSON writes null or RFC 3339 with milliseconds, as Kibana does.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(t.UTC().Format("2006-01-02T15:04:05.000Z07:00"))
}

// StringList is a list that Kibana writes as one string when it has one item.
type StringList []string

// UnmarshalJSON reads a string, a list of strings, or null.
func (l *StringList) UnmarshalJSON(b []byte) error {
	*l = nil
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	if len(b) > 0 && b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*l = StringList{s}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(l))
}

// DecodeCase reads a case, leniently: unknown keys are ignored, comments are
// put in order. An error says which key is wrong.
func DecodeCase(b []byte) (*Case, error) {
	var c Case
	if err := json.Unmarshal(b, &c); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return nil, fmt.Errorf("%s: want %s, got %s", wrongPlace(err, wrong), wantedWord(wrong.Type), gotWord(wrong.Value))
		}
		return nil, fmt.Errorf("case: %w", err)
	}
	sortComments(c.Comments)
	return &c, nil
}

// wrongPlace says where in a case a value is of the wrong kind. The embedded
// struct of [Comment.UnmarshalJSON] is in encoding/json's path, no key of a case.
func wrongPlace(err error, wrong *json.UnmarshalTypeError) string {
	switch {
	case wrong.Field != "":
		return fmt.Sprintf("case: key %q", strings.ReplaceAll(wrong.Field, "plain.", ""))
	case err != error(wrong): // Time alone wraps it, and knows no key
		return "case: a time"
	}
	return "case"
}

// wantedWord is the kind of JSON value that t is read from.
func wantedWord(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "a list"
	case reflect.String:
		return "a text"
	default:
		return "a whole number"
	}
}

// gotWord turns encoding/json's word for a value into ours; a number may have
// its digits behind it.
func gotWord(value string) string {
	kind, _, _ := strings.Cut(value, " ")
	switch kind {
	case "object":
		return "an object"
	case "array":
		return "a list"
	case "string":
		return "a text"
	case "bool":
		return "true or false"
	default:
		return "a number"
	}
}

// sortComments puts the oldest first. A list in which one has no time, as in a
// snapshot made by hand, keeps its order.
func sortComments(list []Comment) {
	if slices.ContainsFunc(list, func(c Comment) bool { return c.CreatedAt.IsZero() }) {
		return
	}
	slices.SortStableFunc(list, func(a, b Comment) int { return a.CreatedAt.Compare(b.CreatedAt.Time) })
}

// ParseVersion decodes a version, which is base64 of [sequence number, primary
// term]. ok is false for anything else.
func ParseVersion(v string) (seqNo, term int64, ok bool) {
	b, err := base64.StdEncoding.DecodeString(v)
	if err != nil {
		return 0, 0, false
	}
	var pair []int64
	if json.Unmarshal(b, &pair) != nil || len(pair) != 2 {
		return 0, 0, false
	}
	return pair[0], pair[1], true
}

// FormatVersion is the reverse of [ParseVersion].
func FormatVersion(seqNo, term int64) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "[%d,%d]", seqNo, term))
}
