package resilient

import (
	"encoding/json"
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

// What the tracker, or whatever stands before it, answers must never panic, and
// never pass for "nothing there" unless it is a list.
func FuzzDecodeAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"data":[{"id":1,"create_date":1,"description":{"format":"html","content":"a<br>Elastic Case: m"},"properties":{"p":"m"}}],"recordsFiltered":1}`,
		`{"data":null}`, `{"data":{}}`, `{"data":[null]}`, `{"data":[{"id":"x"}]}`, `[{"text":{"format":"text","content":"x"}},{"text":null},{"text":"y","is_deleted":true}]`,
		`[{"text":1}]`, `[]`, `null`, `"x"`, `{} {}`, ``, `{"orgs":[{"id":1,"name":"HMS"}]}`, `{"orgs":null}`, `[{"name":"a","prefix":null,"input_type":"select","values":[{"value":1,"label":2}]}]`,
		`{"id":1,"vers":2,"name":1,"incident_type_ids":[{"id":3}],"severity_code":{"id":"4"},"properties":[]}`, `{"success":false,"field_failures":[{"field":[]}]}`,
	} {
		f.Add([]byte(seed))
	}
	r := &resilient{}
	f.Fuzz(func(t *testing.T, body []byte) {
		if page, err := decodeSearch(body); err == nil {
			for _, h := range page.hits {
				if !h.valid() {
					t.Errorf("a hit without an id passed: %q", body)
				}
				_, _ = r.isMarked(h.rec, "m")
			}
			oldestFirst(page.hits)
		}
		if texts, err := decodeComments(body); err == nil {
			if texts == nil {
				t.Errorf("comments without a list passed: %q", body)
			}
			for _, n := range count(texts, []connector.Comment{{Digest: connector.Digest("x")}, {}}) {
				if n > len(texts) {
					t.Errorf("%d of %d comments", n, len(texts))
				}
			}
		}
		if orgs, err := decodeSession(body); err == nil {
			_, _ = choose(orgs, "HMS")
		}
		if known, err := decodeFields(body); err == nil {
			fuzzFields(t, known, body)
		}
		fuzzRecord(t, body)
		_ = words(body)
	})
}

// fuzzFields makes changes of whatever the fields and the value are.
func fuzzFields(t *testing.T, known fields, raw []byte) {
	if len(known) == 0 {
		t.Errorf("no fields passed: %q", raw)
	}
	for _, f := range known {
		c, err := f.change(raw, value{json: raw})
		if err == nil && (!json.Valid(c.Old) || !json.Valid(c.New)) {
			t.Errorf("change %s → %s of %q", c.Old, c.New, raw)
		}
	}
}

func fuzzRecord(t *testing.T, body []byte) {
	rec, err := decodeRecord(body)
	if err != nil {
		return
	}
	for _, name := range []string{fieldName, fieldDescription, fieldTypes, fieldSeverity, "custom1"} {
		_, _ = rec.field(name)
	}
	wanted := []value{{name: fieldDescription, json: []byte(`"x"`), ofCase: true, own: true}, {name: apiTypes, json: []byte(`[1]`), own: true}}
	patch, err := patchBody(rec, wanted, nil)
	if err != nil || !json.Valid(patch) {
		t.Errorf("patch %q (%v) of %q", patch, err, body)
	}
}
