package event

import (
	"encoding/json"
	"testing"
)

// FuzzMember compares it with a parse of the whole object.
func FuzzMember(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"id":"a"}`, ` { "id" : "a" , "x":[1,{"id":2}] } `, `{"x":{"id":"no"},"id":null}`, `{"id":1,"id":2}`, `{"ID":"no"}`,
		`{"\u0069d":"a"}`, `{"x":"\"id\":\"no\"","id":true }`, `{"id":-1.5e3}`, `{"id":[{"a":"]}"}],"b":1}`, `{"":0,"id":""}`, `[]`, `"id"`, `{"a\\":1,"id":"x\\\""}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !json.Valid([]byte(s)) {
			return
		}
		got, ok := member([]byte(s), "id")
		if !ok {
			return
		}
		var all map[string]json.RawMessage
		if err := json.Unmarshal([]byte(s), &all); err != nil {
			t.Fatalf("%q is no object, and member took it", s)
		}
		if want := all["id"]; string(got) != string(want) {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	})
}
