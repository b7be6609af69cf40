package wire_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector/wire"
)

// What is taken makes a JSON object with the same values.
func FuzzParseObject(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1,"b":[{"c":null}],"a":"<&>"}`, `{"\u2028":"\ud800"}`, `{"a":1e400}`, `{"":{}}`, `[`, `{"a":1}x`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := wire.ParseObject([]byte(text))
		var want map[string]json.RawMessage
		if wantErr := json.Unmarshal([]byte(text), &want); (err == nil) != (wantErr == nil && want != nil) {
			t.Fatalf("ParseObject: %v; encoding/json: %v", err, wantErr)
		}
		if err != nil {
			return
		}
		b, err := o.MarshalJSON()
		if err != nil || !json.Valid(b) {
			t.Fatalf("%q: %v", b, err)
		}
		var got map[string]json.RawMessage
		if err := json.Unmarshal(b, &got); err != nil || len(got) != len(want) {
			t.Fatalf("%d keys, want %d (%v)", len(got), len(want), err)
		}
		if strings.ContainsAny(string(b), "\n") {
			t.Errorf("not compact: %q", b)
		}
	})
}
