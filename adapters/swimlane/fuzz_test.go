package swimlane

import (
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

// What Swimlane, or whatever stands before it, answers must never panic, and
// never pass for "nothing there" unless it says so.
func FuzzDecodeAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"count":1,"results":{"app":[{"id":"1","trackingId":7.0,"values":{"mark":"c"}}]}}`, `{"count":0,"results":{}}`, `{"results":null}`,
		`{"count":0,"results":{"app":null}}`, `{"count":2,"results":{"app":[null]}}`, `{"results":{"app":{}}}`,
		`{"id":"1","values":{"mark":"c","l":[{"value":"x"}]},"comments":{"$type":"x","f":[{"message":"<p>a<br"}]},"trackingId":"8"}`,
		`{"id":"1","values":null,"comments":{}}`, `{"id":"1","fields":[{"id":"a","fieldType":"text","inputType":"rich","values":[{}]}]}`,
		`{"id":"1","fields":null}`, `{"ErrorCode":3002,"Argument":[]}`, `{"id":"1","locked":true,"lockingUser":"x","values":{},"comments":{}}`,
		`{"trackingId":1e400}`, `[]`, `null`, `"x"`, `{} {}`, ``,
	} {
		f.Add([]byte(seed))
	}
	settings, _ := parse(valid(nil, nil))
	s := &swimlane{settings: settings}
	f.Fuzz(func(t *testing.T, body []byte) {
		hits, err := decodeSearch(body, "app")
		for _, hit := range hits {
			if ok, err := hit.marked(mappedField{id: "mark"}, "c"); ok && (err != nil || hit.ID == "") {
				t.Errorf("a hit without an id passed: %q", body)
			}
			hit.number()
		}
		if err != nil && len(hits) > 0 {
			t.Errorf("an error and %d hits: %q", len(hits), body)
		}
		app, err := decodeApplication(body)
		if err == nil && (app.ID == "" || app.Fields == nil) {
			t.Errorf("an application without id or fields passed: %q", body)
		}
		if err != nil {
			app = &application{}
		}
		_ = readRefusal(body).Error()
		rec, err := decodeRecord(body)
		if err != nil {
			return
		}
		rec.lockedBy()
		if ref := s.ref(rec, app); ref.IsZero() || ref.Title == "" {
			t.Errorf("a record without a name: %q", body)
		}
		for _, k := range mappingKeys() {
			_, _ = s.decodeField(app, rec, k.field)
		}
		messages, err := rec.messages("f")
		for _, n := range count(messages, []connector.Comment{{Digest: connector.Digest("")}, {}}) {
			if n > len(messages) || err != nil {
				t.Errorf("%d of %d comments, %v", n, len(messages), err)
			}
		}
	})
}
