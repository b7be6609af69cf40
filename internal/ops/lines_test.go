package ops_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ops"
)

// read collects the cases of a file with their lines, and its mistakes.
func read(text string) (cases, mistakes []string, err error) {
	err = ops.ReadEvents(strings.NewReader(text), func(line int, e event.Event) error {
		cases = append(cases, fmt.Sprintf("%d:%s/%s", line, e.SpaceID, e.CaseID))
		return nil
	})
	var wrong *ops.Mistakes
	if errors.As(err, &wrong) {
		for _, m := range wrong.List {
			mistakes = append(mistakes, m.Error())
		}
		err = nil
	}
	return cases, mistakes, err
}

func TestReadEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		cases      []string
		mistakes   []string // the beginning of each
	}{
		{"one line", `{"case_id":"a"}`, []string{"1:default/a"}, nil},
		{"lines", "{\"case_id\":\"a\"}\n\n{\"case_id\":\"b\",\"space_id\":\"s\"}\n", []string{"1:default/a", "3:s/b"}, nil},
		{"windows", "\ufeff{\"case_id\":\"a\"}\r\n{\"case_id\":\"b\"}\r\n", []string{"1:default/a", "2:default/b"}, nil},
		{"over several lines", "\n{\n \"case_id\":\n\"a\"\n}\n", []string{"2:default/a"}, nil},
		{"over several lines, windows", "\ufeff{\r\n \"case_id\": \"a\"\r\n}\r\n", []string{"1:default/a"}, nil},
		{"cloud event", `{"specversion":"1.0","id":"1","source":"/","type":"t","data":{"case_id":"a"}}`, []string{"1:default/a"}, nil},
		{"cloud event over several lines", "{\n\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/\",\"type\":\"t\",\n\"data\":{\"case_id\":\"a\"}}", []string{"1:default/a"}, nil},
		{
			"mistakes among events", "{\"case_id\":\"a\"}\n{\"case_id\":1}\n{}\nx\n[{\"case_id\":\"a\"}]\n{\"case_id\":\"b\"}",
			[]string{"1:default/a", "6:default/b"},
			[]string{"line 2: event: key \"case_id\"", "line 3: event: key \"case_id\"", "line 4: event: body", "line 5: event: body"},
		},
		{"broken document", "{\n\"case_id\":\n\"a\",\n}", nil, []string{"line 4: not JSON"}},
		{"unfinished document", "{\n\"case_id\": \"a\"\n", nil, []string{"line 2: not JSON"}},
		{"document and more", "{\n\"case_id\": \"a\"\n}\n{\"case_id\": \"b\"}\n", nil, []string{"line 4: not JSON"}},
		{"document of another form", "{\n\"id\": \"a\"\n}\n", nil, []string{"line 1: event: key \"case_id\""}},
		{"too long", "{\"case_id\":\"a\"}\n{\"x\":\"" + strings.Repeat("x", 16<<20) + "\"}", []string{"1:default/a"}, []string{"line 2: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cases, mistakes, err := read(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.cases, cases); d != "" {
				t.Error(d)
			}
			if len(mistakes) != len(c.mistakes) {
				t.Fatalf("mistakes: %q", mistakes)
			}
			for i, m := range mistakes {
				if !strings.HasPrefix(m, c.mistakes[i]) {
					t.Errorf("mistake %q, want %q", m, c.mistakes[i])
				}
			}
		})
	}
}

func TestReadEventsFindsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n\n", " \r\n\ufeff\n"} {
		if _, _, err := read(text); !errors.Is(err, ops.ErrNoEvents) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestReadEventsBoundsMistakes(t *testing.T) {
	t.Parallel()
	err := ops.ReadEvents(strings.NewReader(strings.Repeat("{}\n", 1000)), func(int, event.Event) error { return nil })
	var wrong *ops.Mistakes
	if !errors.As(err, &wrong) || len(wrong.List)+wrong.More != 1000 || len(wrong.List) > 100 || err.Error() != "1000 lines are no events" {
		t.Errorf("%v", err)
	}
}

func TestReadEventsStops(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	n := 0
	err := ops.ReadEvents(strings.NewReader("{\"case_id\":\"a\"}\n{\"case_id\":\"b\"}\n"), func(int, event.Event) error {
		n++
		return enough
	})
	if !errors.Is(err, enough) || n != 1 {
		t.Errorf("%d events, then %v", n, err)
	}
}

// What is written one a line is read in order.
func TestReadEventsKeepsOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfN(rapid.StringMatching(`[A-Za-z0-9_-]{1,20}`), 1, 20).Draw(t, "ids")
		var text strings.Builder
		var want []string
		line := 0
		for _, id := range ids {
			gap := rapid.IntRange(0, 2).Draw(t, "empty lines")
			body, err := event.Event{CaseID: id}.Encode()
			if err != nil {
				t.Fatal(err)
			}
			text.WriteString(strings.Repeat("\n", gap) + string(body) + "\n")
			line += gap + 1
			want = append(want, fmt.Sprintf("%d:default/%s", line, id))
		}
		cases, mistakes, err := read(text.String())
		if err != nil || len(mistakes) > 0 {
			t.Fatal(err, mistakes)
		}
		if d := cmp.Diff(want, cases); d != "" {
			t.Fatal(d)
		}
	})
}
