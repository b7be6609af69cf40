package fakeswimlane

import (
	"net/http"

	"github.com/casepush/casepush/internal/fakes"
)

// App is an application: what its records look like.
type App struct {
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	Acronym string  `json:"acronym"`
	Fields  []Field `json:"fields"`
}

// Field is a field of an application.
type Field struct {
	ID   string `json:"id"`
	Key  string `json:"key"`
	Name string `json:"name"`
	// FieldType is text, numeric, valuesList, comments, tracking or another one
	// of Swimlane's, which then takes any value.
	FieldType     string  `json:"fieldType"`
	InputType     string  `json:"inputType,omitempty"`     // of a text: "" is text; multiline, rich
	SelectionType string  `json:"selectionType,omitempty"` // of a valuesList: "" is single; multi
	Values        []Value `json:"values,omitempty"`        // of a valuesList
	Required      bool    `json:"required"`
	Unique        bool    `json:"unique,omitempty"`
	ReadOnly      bool    `json:"readOnly"`
	// MaxLength of a text in UTF-16 units; 0 is no limit.
	MaxLength int `json:"maxLength,omitempty"`
}

// Value is a value of a valuesList.
type Value struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Ids of the fields of [SampleApp].
const (
	AppID         = "58e4bb4407637a0e4c4f9873"
	TrackingID    = "58e4bb4407637a0e4c4f9875"
	RuleNameID    = "a0g40"
	AlertIDID     = "a990o"
	CaseIDID      = "a3rvw"
	CaseNameID    = "a04rv"
	CommentsID    = "a3uau"
	SeverityID    = "aasnf"
	DescriptionID = "acl9o"
	RichID        = "aag0z"
	ScoreID       = "aqkg3"
	TagsID        = "a3w8f"
)

// SampleApp is an application with a field for each part of a case, and some
// more. Each call makes a new one.
func SampleApp() App {
	return App{ID: AppID, Name: "Cases", Acronym: "CAS", Fields: []Field{
		{ID: TrackingID, Key: "tracking-id", Name: "Tracking Id", FieldType: "tracking", ReadOnly: true},
		{ID: RuleNameID, Key: "rule-name", Name: "Rule Name", FieldType: "text"},
		{ID: AlertIDID, Key: "alert-id", Name: "Alert Id", FieldType: "text"},
		{ID: CaseIDID, Key: "case-id", Name: "Case Id", FieldType: "text"},
		{ID: CaseNameID, Key: "case-name", Name: "Case Name", FieldType: "text"},
		{ID: CommentsID, Key: "comments", Name: "Comments", FieldType: "comments"},
		{ID: SeverityID, Key: "severity", Name: "Severity", FieldType: "valuesList", Values: []Value{
			{ID: "58e7bb144121bd73d8f53840", Name: "Low"}, {ID: "58e7bb144121bd73d8f53845", Name: "High"},
		}},
		{ID: DescriptionID, Key: "description", Name: "Description", FieldType: "text", InputType: "multiline"},
		{ID: RichID, Key: "rich-description", Name: "Rich Description", FieldType: "text", InputType: "rich"},
		{ID: ScoreID, Key: "score", Name: "Score", FieldType: "numeric"},
		{ID: TagsID, Key: "tags", Name: "Tags", FieldType: "valuesList", SelectionType: "multi", Values: []Value{
			{ID: "58c02d124233491ba2afff63", Name: "c2"}, {ID: "58c02d1ea3005d2b6bce02ed", Name: "phishing"},
		}},
	}}
}

// field returns a field by its id.
func (a *App) field(id string) (Field, bool) {
	for _, f := range a.Fields {
		if f.ID == id {
			return f, true
		}
	}
	return Field{}, false
}

// fieldClasses are the .NET classes of types of fields.
func fieldClasses() map[string]string {
	return map[string]string{
		"text": "TextField", "numeric": "NumericField", "valuesList": "ValuesListField", "comments": "CommentsField",
		"tracking": "TrackingField", "date": "Date.DateField", "attachment": "AttachmentField", "list": "List.ListField",
		"userGroup": "UserGroupField", "reference": "Reference.ReferenceField", "history": "History.HistoryField",
	}
}

// render is the field as Swimlane shows it.
func (f Field) render(app *App) map[string]any {
	out := map[string]any{
		"$type": "Core.Models.Fields." + fieldClasses()[f.FieldType] + ", Core", "id": f.ID, "key": f.Key, "name": f.Name,
		"fieldType": f.FieldType, "helpTextType": "none", "required": f.Required, "readOnly": f.ReadOnly,
	}
	if f.Unique {
		out["unique"] = true
	}
	switch f.FieldType {
	case "text":
		out["inputType"], out["lengthType"] = "text", "none"
		if f.InputType != "" {
			out["inputType"] = f.InputType
		}
		if f.MaxLength > 0 {
			out["lengthType"], out["maxLength"] = "characters", f.MaxLength
		}
	case "tracking":
		out["prefix"] = app.Acronym + "-"
	case "valuesList":
		out["controlType"], out["selectionType"] = "select", "single"
		if f.SelectionType != "" {
			out["selectionType"] = f.SelectionType
		}
		var values []any
		for _, v := range f.Values {
			values = append(values, map[string]any{"$type": "Core.Models.Fields.ValuesList.ValuesListValues, Core", "id": v.ID, "name": v.Name, "selected": false})
		}
		out["values"] = values
	}
	return out
}

// render is the application as Swimlane shows it, without its layout.
func (a *App) render() map[string]any {
	fields := []any{}
	for _, f := range a.Fields {
		fields = append(fields, f.render(a))
	}
	tracking := ""
	for _, f := range a.Fields {
		if f.FieldType == "tracking" {
			tracking = f.ID
		}
	}
	return map[string]any{
		"$type": "Core.Models.Application.Application, Core", "id": a.ID, "name": a.Name, "acronym": a.Acronym, "description": "",
		"disabled": false, "fields": fields, "trackingFieldId": tracking, "timeTrackingEnabled": true,
		"createdDate": "2017-04-05T09:39:16.304Z", "modifiedDate": "2017-04-05T09:39:16.304Z",
	}
}

func (f *Fake) listApps(w http.ResponseWriter, _ *http.Request) {
	list := []any{}
	for i := range f.opts.Apps {
		list = append(list, f.opts.Apps[i].render())
	}
	fakes.WriteJSON(w, http.StatusOK, list)
}

// getApp answers 204 for an application that is not there.
func (f *Fake) getApp(w http.ResponseWriter, r *http.Request) {
	app := f.app(r.PathValue("app"))
	if app == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	fakes.WriteJSON(w, http.StatusOK, app.render())
}
