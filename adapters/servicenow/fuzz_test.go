package servicenow

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// What ServiceNow, or whatever stands before it, answers must never panic, and
// never pass for "nothing there" unless it is a list.
func FuzzDecodeAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"result":[{"sys_id":"1","number":"INC1","correlation_id":"m","sys_created_on":"2026-01-01 00:00:00"}]}`,
		`{"result":null}`, `{"result":{}}`, `{"result":[null]}`, `{"result":[{"sys_id":{"link":"x","value":"1"},"number":7,"correlation_id":{"display_value":"m"}}]}`,
		`{"result":[{"status":"error","error_message":"x"}]}`, `{"result":[{"sys_id":"1","element":"work_notes","element_id":"m","value":"x"}]}`,
		`{"access_token":"a","expires_in":-1}`, `{"access_token":"a","expires_in":1e300,"token_type":"Bearer"}`, `{"error":{"message":"a","detail":null}}`, `{"error":"a"}`,
		`[]`, `null`, `"x"`, `{} {}`, ``, `{"result":[{"sys_id":{}}]}`,
	} {
		f.Add([]byte(seed))
	}
	n := &serviceNow{settings: settings{product: itsm(), host: "h"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		var rows []record
		if err := n.result(body, &rows); err == nil {
			if rows == nil {
				t.Errorf("a search without a list passed: %q", body)
			}
			if found, err := marked(rows, "m"); err == nil {
				for _, r := range oldestFirst(found) {
					if r["sys_id"] == "" || r[fieldCorrelationID] != "m" {
						t.Errorf("a record without id or mark passed: %q", body)
					}
					n.ref(r)
				}
			}
			if entries, err := journal(rows, "m"); err == nil {
				if got := count(entries, []connector.Comment{{Digest: connector.Digest("x")}}); got[0] > len(rows) {
					t.Errorf("%d of %d entries", got[0], len(rows))
				}
			}
		}
		var imports []imported
		if n.result(body, &imports) == nil && len(imports) > 0 {
			c := change{op: "x", id: "1"}
			if row := n.rowOfTable(imports); c.judge(row) == nil && row.SysID != "" && row.SysID != "1" {
				t.Errorf("another record passed: %q", body)
			}
		}
		now := time.Unix(0, 0)
		if got, err := readToken(body, now); err == nil && (got.header == "" || got.expires.Before(now)) {
			t.Errorf("token %v: %q", got, body)
		}
		_, _ = n.settings.refusal(body), tokenWords(body)
	})
}

// Observables are looked for in documents of any shape.
func FuzzObservables(f *testing.F) {
	for _, seed := range []string{alerts, `[{"source":{"ip":[[["1"]]]}}]`, `[{"":{"":1}}]`, `[null]`, `[{"source":null,"source.ip":null}]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := connector.CaseInfo{Fields: m{"destIp": true, "sourceIp": true, "malwareHash": true, "malwareUrl": true}}
		if json.Unmarshal([]byte(text), &c.Alerts) != nil {
			t.Skip()
		}
		groups, err := observablesOf(c)
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]bool{}
		for _, comment := range observableComments(groups) {
			if o, err := observableIn(comment); err != nil || o.Value != comment.Text || ids[comment.ID] {
				t.Errorf("%+v: %+v, %v", comment, o, err)
			}
			ids[comment.ID] = true
		}
	})
}

// Additional fields keep their order, or are refused.
func FuzzAdditional(f *testing.F) {
	for _, seed := range []string{`{"b":1,"a":{"x":[1.50]}}`, `{"a":1,"a":2}`, `{`, `[]`, `{"description":1}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := additional(text)
		if err != nil {
			return
		}
		b, err := wire.Marshal(o)
		if again, err2 := additional(string(b)); err != nil || err2 != nil || again.Len() != o.Len() {
			t.Errorf("%q: %q, %v, %v", text, b, err, err2)
		}
	})
}
