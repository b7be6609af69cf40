package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func anyEvent(t *rapid.T) Event {
	token := rapid.StringMatching(`[A-Za-z0-9_-]{1,128}`)
	e := Event{
		CaseID:      token.Draw(t, "case"),
		SpaceID:     token.Draw(t, "space"),
		Owner:       rapid.SampledFrom([]string{"", "cases", "observability", "securitySolution"}).Draw(t, "owner"),
		ConnectorID: rapid.String().Draw(t, "connector"),
		ID:          rapid.StringMatching(`[ -~äß語]*`).Draw(t, "id"),
	}
	if rapid.Bool().Draw(t, "has time") {
		e.RequestedAt = time.Unix(rapid.Int64Range(0, 1<<36).Draw(t, "s"), rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC()
	}
	if rapid.Bool().Draw(t, "has person") {
		e.RequestedBy = &Person{rapid.String().Draw(t, "user"), rapid.String().Draw(t, "name"), rapid.String().Draw(t, "email")}
	}
	if rapid.Bool().Draw(t, "has trace") {
		e.TraceParent = rapid.StringMatching(`00-[0-9a-f]{32}-[0-9a-f]{16}-01`).Draw(t, "trace")
	}
	if rapid.Bool().Draw(t, "has case") {
		snapshot := map[string]string{"id": e.CaseID, "title": rapid.String().Draw(t, "title")}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(snapshot); err != nil {
			t.Fatal(err)
		}
		e.Case = bytes.TrimSpace(b.Bytes())
	}
	return e
}

func TestDecodeIsTheReverseOfEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyEvent(t)
		body, err := want.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(Message{SpaceID: want.SpaceID, CaseID: want.CaseID, Header: want.Header(), Body: body})
		if err != nil {
			t.Fatalf("decode %s: %v", body, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", body, diff)
		}
	})
}

// What is decoded can be encoded again, and errors are of the one type.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `{"case_id":"c-1"}`, `{"case_id":"c-1","case":{"id":"c-1"},"requested_by":{"email":null}}`,
		`{"specversion":"1.0","id":"e","data":{"case_id":"c-1"}}`, `{"specversion":"1.0","data_base64":"eyJjYXNlX2lkIjoiYyJ9"}`,
		"\xef\xbb\xbf{\"case_id\":\"c-1\"}", `{"specversion":"1.0","data":"{\"case_id\":\"c-1\"}"}`,
	} {
		f.Add([]byte(seed), "1.0")
	}
	f.Fuzz(func(t *testing.T, body []byte, version string) {
		e, err := Decode(Message{Body: body, Header: map[string][]string{"Ce-Specversion": {version}}})
		if err == nil {
			if _, err := e.Encode(); err != nil {
				t.Fatalf("decoded, but not encoded: %v", err)
			}
			return
		}
		var malformed *MalformedError
		if !errors.As(err, &malformed) {
			t.Fatalf("error %T, want *MalformedError", err)
		}
	})
}
