package swimlane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// application is what we need of Swimlane's application: its fields, and the
// beginning of the names of its records. It is never changed.
type application struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Acronym string     `json:"acronym"`
	Fields  []appField `json:"fields"`
}

// appField is a field of an application.
type appField struct {
	ID            string      `json:"id"`
	Name          string      `json:"name"`
	FieldType     string      `json:"fieldType"`
	InputType     string      `json:"inputType"`
	SelectionType string      `json:"selectionType"`
	Values        []listValue `json:"values"`
}

// rich reports whether the field holds HTML.
func (f appField) rich() bool { return f.FieldType == typeText && f.InputType == "rich" }

// listValue is a value of a selection.
type listValue struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// field returns a field by its id.
func (a *application) field(id string) (appField, bool) {
	for _, f := range a.Fields {
		if f.ID == id {
			return f, true
		}
	}
	return appField{}, false
}

// trackingName is a record's name as Swimlane makes it, RA-7; "" if the record
// has no number.
func (a *application) trackingName(rec record) string {
	n := rec.number()
	if a.Acronym == "" || n <= 0 {
		return ""
	}
	return a.Acronym + "-" + strconv.FormatInt(int64(n), 10)
}

// number is the record's number within its application: whole, and written as
// a decimal (7.0). 0 if it has none.
func (rec record) number() float64 {
	n, err := rec.TrackingID.Float64()
	if err != nil || n != math.Trunc(n) || n < 0 || n > 1<<53 {
		return 0
	}
	return n
}

// application returns the application, and whether it has just been read.
// NotFound says that there is none of this id.
func (s *swimlane) application(ctx context.Context, op string) (app *application, fresh bool, err error) {
	if app := s.app.Load(); app != nil {
		return app, false, nil
	}
	if app, err = s.readApplication(ctx, op); err != nil {
		return nil, true, err
	}
	s.app.Store(app)
	return app, true, nil
}

func (s *swimlane) readApplication(ctx context.Context, op string) (*application, error) {
	body, err := s.send(ctx, call{op: op, method: http.MethodGet, path: []string{"app", s.settings.appID}, reads: true})
	if err != nil {
		e := *connector.AsError(op, err)
		why := fmt.Errorf("application %q", s.settings.appID)
		if e.Kind == connector.NotFound {
			why = fmt.Errorf("%w: there is none of this id", why)
		}
		if e.Err != nil {
			why = fmt.Errorf("%w: %w", why, e.Err)
		}
		e.Err = why
		return nil, &e
	}
	app, err := decodeApplication(body)
	if err != nil {
		return nil, connector.BadAnswer(op, fmt.Errorf("application %q: %w", s.settings.appID, err))
	}
	return app, nil
}

// decodeApplication reads an application. One without fields is an error: it
// is another thing that answers here.
func decodeApplication(body []byte) (*application, error) {
	var raw struct {
		application
		Fields json.RawMessage `json:"fields"`
	}
	if err := wire.Decode(body, &raw); err != nil {
		return nil, err
	}
	app := raw.application
	if len(raw.Fields) == 0 || string(raw.Fields) == "null" {
		return nil, errors.New(`key "fields": missing`)
	}
	if err := wire.Decode(raw.Fields, &app.Fields); err != nil {
		return nil, err
	}
	if app.ID == "" {
		return nil, errors.New(`key "id": missing`)
	}
	return &app, nil
}
