package wire_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector/wire"
)

func TestObject(t *testing.T) {
	other, err := wire.ParseObject([]byte(`{ "b" : [1, 2.50], "z":"<&>", "a":null }`))
	if err != nil {
		t.Fatal(err)
	}
	inner, err := wire.SortedObject(map[string]any{"y": "<", "x": json.Number("1.0")})
	if err != nil {
		t.Fatal(err)
	}
	var o wire.Object
	if err := o.Encode("a", "x > y"); err != nil {
		t.Fatal(err)
	}
	if err := o.Encode("<inner>", inner); err != nil {
		t.Fatal(err)
	}
	o.Spread(other)
	const want = `{"a":null,"<inner>":{"x":1.0,"y":"<"},"b":[1,2.50],"z":"<&>"}`
	if b, err := wire.Marshal(&o); err != nil || string(b) != want {
		t.Errorf("%s (%v), want %s", b, err, want)
	}
	if keys := o.Keys(); o.Len() != 4 || !slices.Equal(keys, []string{"a", "<inner>", "b", "z"}) {
		t.Errorf("%d keys: %q", o.Len(), keys)
	}
	if err := o.Encode("f", func() {}); err == nil || !strings.HasPrefix(err.Error(), `field "f": `) {
		t.Errorf("a function is encoded: %v", err)
	}
	if b, err := (&wire.Object{}).MarshalJSON(); err != nil || string(b) != "{}" {
		t.Errorf("empty: %s (%v)", b, err)
	}
}

func TestDecode(t *testing.T) {
	type answer struct {
		ID   string `json:"id"`
		List []any  `json:"list"`
	}
	got, err := wire.DecodeAs[answer]([]byte(` {"id":"1","more":true,"list":[12345678901234567890]} ` + "\n"))
	if diff := cmp.Diff(answer{"1", []any{json.Number("12345678901234567890")}}, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	for body, want := range map[string]string{
		`{"id":1}`:              `key "id": want string, got number`,
		`{"id":"canary"}x`:      "text after the JSON",
		`{"id":"1"} {"id":"2"}`: "text after the JSON",
		`<html>canary`:          "not the JSON that the tracker sends",
		`{"id":"canary`:         "not the JSON that the tracker sends",
		``:                      "not the JSON that the tracker sends",
	} {
		if _, err := wire.DecodeAs[answer]([]byte(body)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", body, err, want)
		}
	}
}

func TestText(t *testing.T) {
	for _, tc := range []struct {
		v    any
		want string
		ok   bool
	}{{nil, "", true}, {"a", "a", true}, {json.Number("1.50"), "1.50", true}, {1, "", false}, {[]string{"a"}, "", false}} {
		if got, err := wire.Text(tc.v); got != tc.want || (err == nil) != tc.ok {
			t.Errorf("Text(%v) = %q, %v", tc.v, got, err)
		}
	}
	for _, tc := range []struct {
		v    any
		want []string
		ok   bool
	}{
		{nil, nil, true},
		{"a", []string{"a"}, true},
		{[]string{"a", "b"}, []string{"a", "b"}, true},
		{[]any{"a", "b"}, []string{"a", "b"}, true},
		{[]any{"a", 1}, nil, false},
		{1, nil, false},
	} {
		if got, err := wire.Texts(tc.v); !slices.Equal(got, tc.want) || (err == nil) != tc.ok {
			t.Errorf("Texts(%v) = %q, %v", tc.v, got, err)
		}
	}
}

func TestPathPart(t *testing.T) {
	for part, want := range map[string]string{"10001": "10001", "a/b": "a%2Fb", "..x": "..x", "1?a=b#c": "1%3Fa=b%23c", "%2e": "%252e", "a b": "a%20b"} {
		if got, ok := wire.PathPart(part); got != want || !ok {
			t.Errorf("PathPart(%q) = %q, %t, want %q", part, got, ok, want)
		}
	}
	for _, part := range []string{"", ".", ".."} {
		if got, ok := wire.PathPart(part); ok {
			t.Errorf("PathPart(%q) = %q", part, got)
		}
	}
}
