package event

import (
	"encoding/json"
	"testing"
)

// FuzzMembers compares it with encoding/json's parse of the whole object.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"id":"a"}`, `{ "id" : "a" , "x":[1,{"id":2}] } `, `{"x":{"id":"no"},"id":null}`, `{"id":1,"id":2}`, `{"ID":"no"}`,
		`{"\u0069d":"a"}`, `{"x":"\"id\":\"no\"","id":true }`, `{"id":-1.5e3}`, `{"id":[{"a":"]}"}],"b":1}`, `{"":0,"id":""}`, `{"a\\":1,"id":"x\\\""}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var want map[string]json.RawMessage
		if len(s) == 0 || s[0] != '{' || json.Unmarshal([]byte(s), &want) != nil {
			return
		}
		got := map[string]json.RawMessage{}
		for _, m := range members([]byte(s)) {
			var key string // invalid UTF-8 is what encoding/json makes of it
			quoted, _ := json.Marshal(m.key)
			_ = json.Unmarshal(quoted, &key)
			got[key] = m.value
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %d keys, want %d", s, len(got), len(want))
		}
		for key, value := range want {
			if string(got[key]) != string(value) {
				t.Errorf("%q: key %q: %q, want %q", s, key, got[key], value)
			}
		}
	})
}
