package event

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func decodeBody(body string) (Event, error) {
	return Decode(Message{Body: []byte(body)})
}

func TestSpaceComesFromBodyThenSubjectThenDefault(t *testing.T) {
	for _, tc := range []struct{ subject, body, want string }{
		{"", `{"case_id":"c-1"}`, "default"},
		{"soc", `{"case_id":"c-1"}`, "soc"},
		{"", `{"case_id":"c-1","space_id":"soc"}`, "soc"},
		{"soc", `{"case_id":"c-1","space_id":null}`, "soc"},
		{"soc", `{"case_id":"c-1","space_id":""}`, "soc"},
	} {
		e, err := Decode(Message{SpaceID: tc.subject, Body: []byte(tc.body)})
		if err != nil || e.SpaceID != tc.want {
			t.Errorf("subject %q, body %s: space %q, %v; want %q", tc.subject, tc.body, e.SpaceID, err, tc.want)
		}
	}
}

// What is wrong at the last byte is not taken for something missing after it.
func TestSyntaxPlace(t *testing.T) {
	for body, want := range map[string]string{
		`{"case_id":"x"} x`:      "line 1, column 17",
		`{"case_id":}`:           "line 1, column 12",
		"\xff":                   "line 1, column 1",
		"{\n\t\"case_id\": ]\n}": "line 2, column 13",
		`{"case_id":"x`:          "it ends too early",
		`{"case_id":"x",`:        "it ends too early",
		`{"case_id":"x"} {`:      "line 1, column 17",
	} {
		if _, err := decodeBody(body); err == nil || !strings.Contains(err.Error(), "is not valid JSON: "+want+";") {
			t.Errorf("%q: %v, want %s", body, err, want)
		}
	}
}

func TestRequestedAt(t *testing.T) {
	want := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for _, s := range []string{
		"2026-11-23T10:00:00Z", "2026-11-23t10:00:00z", "2026-11-23 10:00:00Z", "2026-11-23T11:00:00+01:00",
		"2026-11-23T11:00:00+0100", "2026-11-23T10:00:00.000Z", "2026-11-23T10:00:00", "2026-11-23T10:00Z", " 2026-11-23T10:00:00Z ",
	} {
		e, err := decodeBody(`{"case_id":"c-1","requested_at":"` + s + `"}`)
		if err != nil || !e.RequestedAt.Equal(want) || e.RequestedAt.Location() != time.UTC {
			t.Errorf("%q: got %v, %v; want %v", s, e.RequestedAt, err, want)
		}
	}
	for _, s := range []string{"yesterday", "2026-11-23", "2026-13-23T10:00:00Z", "1732356000"} {
		if _, err := decodeBody(`{"case_id":"c-1","requested_at":"` + s + `"}`); err == nil {
			t.Errorf("%q is taken as a time", s)
		}
	}
}

func TestHeadersInAnyLetterCase(t *testing.T) {
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, names := range [][3]string{
		{"ce-specversion", "ce-id", "traceparent"},
		{"Ce-Specversion", "Ce-Id", "Traceparent"},
		{"CE-SPECVERSION", "CE-ID", "TRACEPARENT"},
	} {
		e, err := Decode(Message{
			Header: map[string][]string{names[0]: {"1.0"}, names[1]: {"a%20b"}, names[2]: {trace}, "nats-msg-id": {"other"}},
			Body:   []byte(`{"case_id":"c-1"}`),
		})
		if err != nil || e.ID != "a b" || e.TraceParent != trace {
			t.Errorf("%v: id %q, trace %q, %v", names, e.ID, e.TraceParent, err)
		}
	}
	e, err := Decode(Message{Header: map[string][]string{"nats-msg-id": {"m-1"}}, Body: []byte(`{"case_id":"c-1"}`)})
	if err != nil || e.ID != "m-1" {
		t.Errorf("nats-msg-id: id %q, %v", e.ID, err)
	}
}

func TestBrokenTraceCostsNothing(t *testing.T) {
	e, err := Decode(Message{Header: map[string][]string{"traceparent": {"nonsense\r\n"}}, Body: []byte(`{"case_id":"c-1"}`)})
	if err != nil || e.TraceParent != "" {
		t.Errorf("trace %q, %v; want none and no error", e.TraceParent, err)
	}
}

// Whatever is wrong, the error is a *MalformedError with all three parts and
// shows no value of the body.
func TestErrorsShowNothingOfTheBody(t *testing.T) {
	const marker = "hunter2 is the password"
	for _, body := range []string{
		marker, `{"case_id":"` + marker + `"}`, `{"case_id":"c-1","space_id":"` + marker + `"}`,
		`{"case_id":["` + marker + `"]}`, `{"case_id":"c-1","requested_at":"` + marker + `"}`, `{"case_id":"c-1","owner":"` + marker + `"}`,
		`{"case_id":"c-1","case":{"id":"` + marker + `"}}`, `{"case_id":"c-1","case":"` + marker + `"}`,
		`{"case_id":"c-1","` + marker, `{"specversion":"` + marker + `"}`,
		`{"specversion":"1.0","data":"` + marker + `"}`, `{"specversion":"1.0","data_base64":"` + marker + `"}`,
	} {
		_, err := decodeBody(body)
		var malformed *MalformedError
		if !errors.As(err, &malformed) {
			t.Errorf("%s: error %v, want a *MalformedError", body, err)
			continue
		}
		if malformed.Where == "" || malformed.Problem == "" || malformed.Mend == "" {
			t.Errorf("%s: incomplete: %#v", body, malformed)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error shows the body: %v", body, err)
		}
	}
}

func TestEncodeRefusesWhatDecodeWould(t *testing.T) {
	for name, e := range map[string]Event{
		"no case":        {},
		"wrong token":    {CaseID: "a.b"},
		"wrong space":    {CaseID: "c-1", SpaceID: "a b"},
		"no owner":       {CaseID: "c-1", Owner: "security"},
		"another's case": {CaseID: "c-1", Case: []byte(`{"id":"c-2"}`)},
		"list as case":   {CaseID: "c-1", Case: []byte(`[]`)},
		"broken case":    {CaseID: "c-1", Case: []byte(`{"id":`)},
		"far future":     {CaseID: "c-1", RequestedAt: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		var malformed *MalformedError
		if b, err := e.Encode(); !errors.As(err, &malformed) {
			t.Errorf("%s: encoded to %s, %v; want a *MalformedError", name, b, err)
		}
	}
}

func TestHeaderCarriesNoLineEnds(t *testing.T) {
	e := Event{CaseID: "c-1", ID: "x\r\nX-Evil: 1"}
	if h := e.Header(); len(h) != 0 {
		t.Errorf("header %v; want none", h)
	}
}
