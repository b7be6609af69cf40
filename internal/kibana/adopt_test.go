package kibana_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
)

const (
	findPath = "/api/cases/c-1/user_actions/_find"
	listPath = "/api/cases/c-1/user_actions"
)

// push is a "pushed" user action of the form of 8.0 and later.
func push(id, external, at string) string {
	return fmt.Sprintf(`{"type":"pushed","action":"push_to_service","created_at":%q,"payload":{"externalService":
		{"connector_id":%q,"connector_name":"n","external_id":%q,"external_title":"T","external_url":"u","pushed_at":%q,"pushed_by":null}}}`, at, id, external, at)
}

// status is a "status" user action of that form.
func status(to, at string) string {
	return fmt.Sprintf(`{"type":"status","action":"update","created_at":%q,"payload":{"status":%q}}`, at, to)
}

// oldAction is a user action of 7.17.
func oldAction(field, value, connectorID, at string) string {
	return fmt.Sprintf(`{"action_field":[%q],"action":"update","action_at":%q,"new_value":%q,"new_val_connector_id":%s,"action_id":"1"}`,
		field, at, value, connectorID)
}

// actions serves user actions, oldest first, on the routes that the version has.
func actions(w *wire, version string, list ...string) {
	if slices.Contains([]string{"7.17.0", "8.5.0", "8.12.0"}, version) {
		w.json("GET "+listPath, "["+strings.Join(list, ",")+"]")
	}
	if slices.Contains([]string{"7.17.0", "8.5.0"}, version) {
		return
	}
	w.mux.HandleFunc("GET "+findPath, func(rw http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		page, _ := strconv.Atoi(q.Get("page"))
		size, _ := strconv.Atoi(q.Get("perPage"))
		if size > 100 || page*size > 10_000 || q.Get("sortOrder") != "desc" {
			refuse(rw, 400, "bad page")
			return
		}
		kind := fmt.Sprintf("%q:%q", "type", q.Get("types"))
		var found []string
		for _, one := range slices.Backward(list) {
			if strings.Contains(one, kind) {
				found = append(found, one)
			}
		}
		from := min(len(found), (page-1)*size)
		some := found[from:min(len(found), from+size)]
		_, _ = fmt.Fprintf(rw, `{"userActions":[%s],"page":%d,"perPage":%d,"total":%d}`, strings.Join(some, ","), page, size, len(found))
	})
}

func at(minute int) string { return fmt.Sprintf("2026-01-01T10:%02d:00.000Z", minute) }

func instant(t *testing.T, minute int) kibana.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, at(minute))
	if err != nil {
		t.Fatal(err)
	}
	return kibana.Time{Time: v}
}

func onCase(t *testing.T, id, external string, minute int) *kibana.Case {
	return &kibana.Case{ID: "c-1", ExternalService: &kibana.ExternalService{
		ConnectorID: id, ExternalID: external, PushedAt: instant(t, minute),
	}}
}

func TestPushed(t *testing.T) {
	old := func(external, minute string) string {
		return fmt.Sprintf(`{"external_id":%q,"pushed_at":%q}`, external, minute)
	}
	for _, version := range []string{"7.17.0", "8.5.0", "8.12.0", "9.1.0"} {
		forms := map[string][]string{
			"new": {push("jira", "1", at(1)), status("closed", at(1)), push("snow", "2", at(2)), push("jira", "3", at(3)), push("snow", "4", at(4)), push("jira", "", at(4))},
		}
		if version == "7.17.0" {
			forms = map[string][]string{
				"out of order": {oldAction("pushed", old("3", at(3)), `"jira"`, at(3)), oldAction("pushed", old("1", at(1)), `"jira"`, at(1))},
				"7.17": {
					oldAction("pushed", old("1", at(1)), `"jira"`, at(1)), oldAction("pushed", old("2", at(2)), `"snow"`, at(2)),
					oldAction("pushed", old("3", at(3)), `"jira"`, at(3)), oldAction("comment", "{}", "null", at(4)),
				},
				"7.14": {oldAction("pushed", `{"connector_id":"jira","external_id":"3","pushed_at":"`+at(3)+`"}`, "null", at(3))},
			}
		}
		for form, list := range forms {
			w := newWire(t, version)
			actions(w, version, list...)
			c := w.client(t)
			for _, tt := range []struct {
				name      string
				connector string
				found     *kibana.Case
				want      string
			}{
				{"by user action", "jira", &kibana.Case{ID: "c-1"}, "3"},
				{"the case names another connector", "jira", onCase(t, "snow", "4", 4), "3"},
				{"the case is newer", "jira", onCase(t, "jira", "5", 5), "5"},
				{"never pushed there", "other", onCase(t, "snow", "4", 4), ""},
				{"only on the case", "other", onCase(t, "other", "9", 1), "9"},
				{"an empty id", "other", onCase(t, "other", "", 1), ""},
			} {
				got, err := c.Pushed(t.Context(), "default", "c-1", tt.connector, tt.found)
				if err != nil {
					t.Errorf("%s %s, %s: %v", version, form, tt.name, err)
					continue
				}
				id := ""
				if got != nil {
					id = got.ExternalID
				}
				if id != tt.want || got != nil && (got.ConnectorID != tt.connector || got.PushedAt.IsZero()) {
					t.Errorf("%s %s, %s: %+v, want id %q", version, form, tt.name, got, tt.want)
				}
			}
		}
	}
}

func TestPushedReadsTheCase(t *testing.T) {
	w := newWire(t, "9.1.0")
	actions(w, "9.1.0")
	w.json("GET /api/cases/c-1", `{"id":"c-1","external_service":{"connector_id":"jira","external_id":"7","pushed_at":null}}`)
	got, err := w.client(t).Pushed(t.Context(), "default", "c-1", "jira", nil)
	if err != nil || got == nil || got.ExternalID != "7" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPushedBehindManyOthers(t *testing.T) {
	list := []string{push("jira", "1", at(0))}
	for range 450 {
		list = append(list, push("snow", "2", at(1)))
	}
	w := newWire(t, "9.1.0")
	actions(w, "9.1.0", list...)
	got, err := w.client(t).Pushed(t.Context(), "default", "c-1", "jira", &kibana.Case{ID: "c-1"})
	if err != nil || got == nil || got.ExternalID != "1" {
		t.Errorf("%+v, %v", got, err)
	}
	if n := w.asked("GET", findPath); n != 5 {
		t.Errorf("%d pages, want 5", n)
	}
}

func TestActionsAreBounded(t *testing.T) {
	w := newWire(t, "9.1.0")
	w.json("GET "+findPath, `{"userActions":[`+status("open", at(5))+`],"total":1000000}`)
	closed, known, err := w.client(t).ClosedSince(t.Context(), "default", "c-1", instant(t, 0).Time)
	if !closed.IsZero() || known || err != nil {
		t.Errorf("closed %s, known %t, %v: an endless history cannot be known", closed, known, err)
	}
	if n := w.asked("GET", findPath); n != 100 {
		t.Errorf("%d pages, want 100", n)
	}
}

// Not knowing of a push means a second incident, so what cannot be read is an
// error and never "none".
func TestPushedNeverGuesses(t *testing.T) {
	for name, body := range map[string]string{
		"no list":    `{}`,
		"a page":     `<html></html>`,
		"null":       `null`,
		"odd id":     `{"userActions":[{"type":"pushed","created_at":"` + at(1) + `","payload":{"externalService":{"connector_id":"jira","external_id":7}}}],"total":1}`,
		"odd time":   `{"userActions":[{"type":"pushed","created_at":7,"payload":{}}],"total":1}`,
		"no service": `{"userActions":[{"type":"pushed","created_at":"` + at(1) + `","payload":{}}],"total":1}`,
		"no payload": `{"userActions":[{"type":"pushed","created_at":"` + at(1) + `","payload":null}],"total":1}`,
	} {
		w := newWire(t, "9.1.0")
		w.json("GET "+findPath, body)
		got, err := w.client(t).Pushed(t.Context(), "default", "c-1", "jira", &kibana.Case{ID: "c-1"})
		if got != nil {
			t.Errorf("%s: %+v", name, got)
		}
		wantKind(t, err, connector.Transient)
	}
	w := newWire(t, "9.1.0")
	w.json("GET "+findPath, `{"userActions":[{"type":"future","payload":[1],"created_at":{}},7,`+push("jira", "1", at(1))+`],"total":3}`)
	got, err := w.client(t).Pushed(t.Context(), "default", "c-1", "jira", &kibana.Case{ID: "c-1"})
	if err != nil || got == nil || got.ExternalID != "1" {
		t.Errorf("odd actions of other types: %+v, %v", got, err)
	}
}

// Routes that are not there: without a version, 404 tells the old Kibana.
func TestActionRoutesByVersion(t *testing.T) {
	pushed := push("jira", "1", at(1))
	for _, tt := range []struct {
		told, real string
		want       bool
	}{
		{"", "9.1.0", true},
		{"", "8.12.0", true},
		{"", "8.5.0", true},
		{"8.5.0", "9.1.0", true}, // upgraded since
		{"9.1.0", "8.5.0", false},
	} {
		w := newWire(t, tt.told)
		actions(w, tt.real, pushed)
		w.json("GET /api/cases/c-1", `{"id":"c-1"}`)
		got, err := w.client(t).Pushed(t.Context(), "default", "c-1", "jira", &kibana.Case{ID: "c-1"})
		if tt.want != (got != nil) || tt.want != (err == nil) {
			t.Errorf("%+v: %+v, %v", tt, got, err)
		}
		if err != nil {
			wantKind(t, err, connector.Transient) // not NotFound: the case is there
		}
		if (tt.told == "9.1.0" || tt.told == "" && tt.real != "8.5.0") && w.asked("GET", listPath) != 0 {
			t.Errorf("%+v: a removed route was called", tt)
		}
	}
}

func TestClosedSince(t *testing.T) {
	for _, version := range []string{"7.17.0", "8.5.0", "8.12.0", "9.1.0"} {
		list := []string{status("closed", at(1)), status("in-progress", at(2)), status("closed", at(3)), status("open", at(4))}
		if version == "7.17.0" {
			list = []string{
				oldAction("status", "closed", "null", at(1)), oldAction("status", "in-progress", "null", at(2)),
				oldAction("status", "closed", "null", at(3)), oldAction("status", "open", "null", at(4)), oldAction("title", "closed", "null", at(9)),
			}
		}
		w := newWire(t, version)
		actions(w, version, list...)
		c := w.client(t)
		for minute, want := range map[int]time.Time{0: instant(t, 3).Time, 3: instant(t, 3).Time, 4: {}, 9: {}} {
			closed, known, err := c.ClosedSince(t.Context(), "default", "c-1", instant(t, minute).Time)
			if !closed.Equal(want) || !known || err != nil {
				t.Errorf("%s, since minute %d: closed %s, known %t, %v; want %s", version, minute, closed, known, err, want)
			}
		}
	}
	w := newWire(t, "9.1.0")
	w.mux.HandleFunc("GET "+findPath, func(rw http.ResponseWriter, _ *http.Request) { refuse(rw, 403, "no") })
	_, known, err := w.client(t).ClosedSince(t.Context(), "default", "c-1", time.Time{})
	if wantKind(t, err, connector.Forbidden); known {
		t.Error("known in spite of an error")
	}
}
