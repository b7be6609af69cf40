package fakeswimlane

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// Record is a record as it stands.
type Record struct {
	ID    string `json:"id"`
	AppID string `json:"applicationId"`
	Name  string `json:"name"` // CAS-7
	// Values by field id: string, json.Number, or what a selection holds
	// (map[string]any with id and value, or a list of them).
	Values   map[string]any       `json:"values"`
	Comments map[string][]Comment `json:"comments"` // by field id, oldest first
	LockedBy string               `json:"lockedBy,omitempty"`
	Created  time.Time            `json:"created"`
	Modified time.Time            `json:"modified"`
}

// Text returns a value if it is a string, else "".
func (r Record) Text(fieldID string) string {
	s, _ := r.Values[fieldID].(string)
	return s
}

// Comment is a comment of a record.
type Comment struct {
	Message    string `json:"message"`
	IsRichText bool   `json:"isRichText"`
	// CreatedDate as it was sent.
	CreatedDate string `json:"createdDate"`
}

// record is the stored form. Its values are never changed in place.
type record struct {
	id, appID, acronym string
	number             int
	values             map[string]any
	comments           map[string][]Comment
	lockedBy           string // "" is nobody
	lockedAt           time.Time
	created, modified  time.Time
}

// name is what people call the record.
func (r *record) name() string { return r.acronym + "-" + strconv.Itoa(r.number) }

func (r *record) public() Record {
	out := Record{
		ID: r.id, AppID: r.appID, Name: r.name(), Values: maps.Clone(r.values), Comments: map[string][]Comment{},
		LockedBy: r.lockedBy, Created: r.created, Modified: r.modified,
	}
	for field, list := range r.comments {
		out.Comments[field] = slices.Clone(list)
	}
	return out
}

// The .NET types that answers name.
const (
	recordType    = "Core.Models.Record.Record, Core"
	selectionType = "Core.Models.Record.ValueSelection, Core"
	commentType   = "Core.Models.Record.Comments, Core"
	userType      = "Core.Models.Utilities.UserGroupSelection, Core"
	valuesType    = "System.Collections.Generic.Dictionary`2[[System.String, mscorlib],[System.Object, mscorlib]], mscorlib"
	commentsType  = "System.Collections.Generic.Dictionary`2[[System.String, mscorlib],[System.Collections.Generic.List`1[[Core.Models.Record.Comments, Core]], mscorlib]], mscorlib"
)

// dateLayout is Swimlane's: RFC 3339 with milliseconds.
const dateLayout = "2006-01-02T15:04:05.000Z07:00"

func date(t time.Time) string { return t.UTC().Format(dateLayout) }

// user is a user as answers name them.
func user(name string) map[string]any {
	return map[string]any{"$type": userType, "id": "58de1d1c07637a0264c0ca6a", "name": name}
}

// render is the record as Swimlane shows it, with everything.
func (f *Fake) render(r *record) map[string]any {
	values := map[string]any{"$type": valuesType}
	maps.Copy(values, r.values)
	comments := map[string]any{"$type": commentsType}
	for field, list := range r.comments {
		var out []any
		for _, c := range list {
			out = append(out, map[string]any{
				"$type": commentType, "createdByUser": user(f.opts.UserName), "createdDate": c.CreatedDate, "message": c.Message, "isRichText": c.IsRichText,
			})
		}
		comments[field] = out
	}
	out := map[string]any{
		"$type": recordType, "id": r.id, "applicationId": r.appID, "name": r.name(), "trackingFull": r.name(), "trackingId": float(r.number),
		"createdDate": date(r.created), "modifiedDate": date(r.modified), "isNew": false, "disabled": false, "allowed": []any{},
		"createdByUser": user(f.opts.UserName), "modifiedByUser": user(f.opts.UserName), "locked": r.lockedBy != "", "lockingUser": nil, "lockedDate": nil,
		"values": values, "comments": comments,
	}
	if r.lockedBy != "" {
		out["lockingUser"], out["lockedDate"] = user(r.lockedBy), date(r.lockedAt)
	}
	return out
}

// float is a number that is written as Swimlane writes it: 7.0.
type float int

// MarshalJSON implements json.Marshaler.
func (n float) MarshalJSON() ([]byte, error) { return []byte(strconv.Itoa(int(n)) + ".0"), nil }
