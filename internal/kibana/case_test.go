package kibana_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/kibana"
)

func TestTime(t *testing.T) {
	want := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	for text, ok := range map[string]bool{
		`"2026-01-02T03:04:05.678Z"`:          true,
		`"2026-01-02T05:04:05.678+02:00"`:     true,
		`"2026-01-02T05:04:05.678+0200"`:      true,
		`"2026-01-02T03:04:05.678"`:           true,
		`"2026-01-02T03:04:05.678000000Z"`:    true,
		`"2026-01-02 03:04:05"`:               false,
		`"2026-01-02"`:                        false,
		`1767323045678`:                       false,
		`{}`:                                  false,
		`"2026-13-02T03:04:05Z"`:              false,
		`"` + strings.Repeat("9", 1000) + `"`: false,
	} {
		var got kibana.Time
		err := json.Unmarshal([]byte(text), &got)
		if (err == nil) != ok || ok && !got.Equal(want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{`null`, `""`} {
		got := kibana.Time{Time: want}
		if err := json.Unmarshal([]byte(text), &got); err != nil || !got.IsZero() {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestTimeAsKibanaWritesIt(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	for _, tt := range []struct {
		in   kibana.Time
		want string
	}{
		{kibana.Time{}, `null`},
		{kibana.Time{Time: time.Date(2026, 1, 2, 5, 4, 5, 678_901_000, zone)}, `"2026-01-02T03:04:05.678Z"`},
		{kibana.Time{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, `"2026-01-02T03:04:05.000Z"`},
	} {
		if b, err := json.Marshal(tt.in); err != nil || string(b) != tt.want {
			t.Errorf("%v: %s, %v", tt.in, b, err)
		}
	}
}

func TestStringList(t *testing.T) {
	for text, want := range map[string]kibana.StringList{
		`null`: nil, `"a"`: {"a"}, `""`: {""}, `[]`: {}, `["a","b"]`: {"a", "b"},
	} {
		got := kibana.StringList{"old"}
		if err := json.Unmarshal([]byte(text), &got); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{`1`, `{}`, `[1]`, `true`} {
		var got kibana.StringList
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s: accepted as %q", text, got)
		}
	}
}

func TestVersion(t *testing.T) {
	if seq, term, ok := kibana.ParseVersion("WzIzNywyXQ=="); !ok || seq != 237 || term != 2 {
		t.Errorf("%d, %d, %t", seq, term, ok)
	}
	if got := kibana.FormatVersion(237, 2); got != "WzIzNywyXQ==" {
		t.Errorf("FormatVersion: %q", got)
	}
	for _, odd := range []string{"", "x", "WzFd", "WzEsMiwzXQ==", "bnVsbA==", "WyJhIiwiYiJd", "WzEuNSwyXQ=="} {
		if seq, term, ok := kibana.ParseVersion(odd); ok {
			t.Errorf("%q: accepted as %d, %d", odd, seq, term)
		}
	}
}

func TestDecodeCaseForms(t *testing.T) {
	got, err := kibana.DecodeCase([]byte(`{
		"id":"c-1","tags":null,"title":null,"external_service":null,"created_by":{"username":null,"full_name":"M"},
		"updated_at":null,"updated_by":null,"connector":{"id":"none","name":"none","type":".none","fields":null},
		"extended_fields":{"a":[1]},"status_key":{"x":1},
		"comments":[
			{"id":"1","type":"user","comment":"old form","created_at":"2026-01-01T00:00:00Z"},
			{"id":"2","type":"comment","data":{"content":"new form"}},
			{"id":"3","type":"alert","alertId":"a","index":"i"},
			{"id":"4","type":"alert","alertId":["a","b"],"index":["i","i"]},
			{"id":"5","type":"lens","comment":{"odd":true},"data":[1],"created_at":7},
			{"id":"6","type":"externalReference","externalReferenceMetadata":{}}
		]}`))
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, c := range got.Comments {
		if c.IsUser() {
			texts = append(texts, c.Text)
		}
	}
	if diff := cmp.Diff([]string{"old form", "new form"}, texts); diff != "" {
		t.Errorf("comments (-want +got):\n%s", diff)
	}
	if n := got.AlertCount(); n != 3 {
		t.Errorf("%d alerts, want 3", n)
	}
	if len(got.Comments) != 6 || got.Comments[4].ID != "5" || got.CreatedBy.Name() != "M" {
		t.Errorf("case %+v", got)
	}
}

func TestDecodeCaseRefusesWhatWouldBeLost(t *testing.T) {
	for body, want := range map[string]string{
		`{"id":"c-1","comments":[{"id":"1","type":"user","comment":7}]}`:                    `case: key "comments.comment": want a text, got a number`,
		`{"id":"c-1","comments":[{"id":"1","type":"alert","alertId":7}]}`:                   `case: key "comments.alertId": want a list, got a number`,
		`{"id":"c-1","comments":[{"id":"1","type":"user","created_by":{"username":true}}]}`: `case: key "comments.created_by.username": want a text, got true or false`,
		`{"id":"c-1","comments":{}}`:    `case: key "comments": want a list, got an object`,
		`{"id":"c-1","comments":["x"]}`: `case: key "comments": want an object, got a text`,
		`{"id":"c-1","alerts":[7]}`:     `case: key "alerts": want an object, got a number`,
		`{"id":"c-1","connector":[]}`:   `case: key "connector": want an object, got a list`,
		`{"totalAlerts":1.5}`:           `case: key "totalAlerts": want a whole number, got a number`,
		`{"created_at":7}`:              `case: a time: want a text, got a number`,
		`{"id":7}`:                      `case: key "id": want a text, got a number`,
		`7`:                             `case: want an object, got a number`,
	} {
		if c, err := kibana.DecodeCase([]byte(body)); err == nil || err.Error() != want {
			t.Errorf("%s: %+v, error %v, want %s", body, c, err, want)
		}
	}
}

func TestDecodeCaseOrdersComments(t *testing.T) {
	for body, want := range map[string]string{
		`[{"id":"2","created_at":"2026-01-02T00:00:00Z"},{"id":"1","created_at":"2026-01-01T00:00:00Z"},{"id":"3","created_at":"2026-01-02T00:00:00Z"}]`: "123",
		`[{"id":"2","created_at":"2026-01-02T00:00:00Z"},{"id":"1"},{"id":"3","created_at":"2026-01-01T00:00:00Z"}]`:                                     "213",
	} {
		c, err := kibana.DecodeCase([]byte(`{"id":"c-1","comments":` + body + `}`))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, comment := range c.Comments {
			got += comment.ID
		}
		if got != want {
			t.Errorf("%s: order %s, want %s", body, got, want)
		}
	}
}

func FuzzDecodeCase(f *testing.F) {
	f.Add([]byte(`{"id":"c-1","version":"WzEsMV0=","comments":[{"id":"1","type":"user","comment":"x"}]}`))
	f.Add([]byte(`{"comments":[{"type":"alert","alertId":"a"},null],"created_at":"2026-01-02T03:04:05"}`))
	f.Add([]byte(`{"comments":[{"type":"comment","data":{"content":"x"}},{"type":"lens","comment":{}}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := kibana.DecodeCase(b)
		if (c == nil) == (err == nil) {
			t.Fatalf("case %v, error %v: want one of them", c, err)
		}
		if err != nil {
			return
		}
		// What was read is written and read back the same, so a snapshot that
		// passes through us means the same.
		first, err := json.Marshal(c)
		if err != nil {
			t.Skip(err) // a year that RFC 3339 cannot write
		}
		again, err := kibana.DecodeCase(first)
		if err != nil {
			t.Fatalf("cannot read our own %s: %v", first, err)
		}
		if second, _ := json.Marshal(again); string(second) != string(first) {
			t.Fatalf("changed in passing:\n%s\n%s", first, second)
		}
		_, _ = c.AlertCount(), kibana.LastUser(c.UpdatedBy, c.CreatedBy, "x").Name()
	})
}

func FuzzDecodeConfigurations(f *testing.F) {
	f.Add([]byte(`[{"closure_type":"close-by-user","connector":{"id":"none"},"mappings":[]}]`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`null`))
	f.Add([]byte(` {"closure_type":"close-by-pushing"} ] [`))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := kibana.DecodeConfigurations(b)
		if err != nil && all != nil {
			t.Fatal("both a list and an error")
		}
		if err == nil && !json.Valid(b) {
			t.Fatalf("%q is no JSON", b)
		}
		for _, one := range all {
			if one.ClosureType == "" && one.Connector.ID == "" {
				t.Fatal("an empty configuration counts")
			}
		}
	})
}
