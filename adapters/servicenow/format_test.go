package servicenow

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
)

// fields reads a case's connector fields as the program does.
func fields(t *testing.T, text string) m {
	t.Helper()
	var f m
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFormat(t *testing.T) {
	t.Parallel()
	table, app := valid(nil, nil, nil), valid(m{"usesTableApi": false}, nil, nil)
	keys := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`\"k%d\":1`, i))
		}
		return `{"additionalFields":"{` + strings.Join(all, ",") + `}"}`
	}
	for name, tc := range map[string]struct {
		typ    connector.Type
		def    connector.Definition
		fields string
		want   []connector.Field
		err    string
	}{
		"another connector":    {ITSM(), table, `null`, nil, ""},
		"absent is not null":   {ITSM(), table, `{"impact":null}`, []connector.Field{{Name: "impact"}}, ""},
		"all":                  {ITSM(), table, `{"impact":"1","severity":"2","urgency":"3","category":"a","subcategory":"b","additionalFields":null}`, []connector.Field{{Name: "severity", Value: "2"}, {Name: "urgency", Value: "3"}, {Name: "impact", Value: "1"}, {Name: "category", Value: "a"}, {Name: "subcategory", Value: "b"}}, ""},
		"no text":              {ITSM(), table, `{"impact":1}`, nil, `field "impact": want a text or null, got float64`},
		"additional":           {ITSM(), app, `{"additionalFields":"{\"z\": 1, \"a\": [ 2 ]}"}`, []connector.Field{{Name: "additional_fields", Value: `{"z":1,"a":[2]}`}}, ""},
		"additional as object": {ITSM(), app, `{"additionalFields":{"z":1,"a":"b"}}`, []connector.Field{{Name: "additional_fields", Value: `{"a":"b","z":1}`}}, ""},
		"empty additional":     {ITSM(), table, `{"additionalFields":""}`, nil, ""},
		"with the Table API":   {ITSM(), table, `{"additionalFields":"{}"}`, nil, "ServiceNow additional fields are not supported for deprecated connectors."},
		"20":                   {ITSM(), app, keys(20), []connector.Field{{Name: "additional_fields", Value: "20"}}, ""},
		"21":                   {ITSM(), app, keys(21), nil, "A maximum of 20 fields in additional_fields can be defined at a time."},
		"forbidden":            {ITSM(), app, `{"additionalFields":"{\"a\":1,\"description\":1,\"externalId\":2}"}`, nil, "The following properties cannot be defined inside additional_fields: description, externalId."},
		"severity is allowed":  {ITSM(), app, `{"additionalFields":"{\"severity\":1}"}`, []connector.Field{{Name: "additional_fields", Value: `{"severity":1}`}}, ""},
		"a create as update":   {ITSM(), app, `{"additionalFields":"{\"elastic_incident_id\":\"x\"}"}`, nil, "cannot be defined inside additional_fields: elastic_incident_id."},
		"no object":            {ITSM(), app, `{"additionalFields":"[]"}`, nil, `field "additional_fields": not a JSON object`},
		"no JSON":              {ITSM(), app, `{"additionalFields":7}`, nil, `field "additional_fields": want JSON text, got float64`},
		"SecOps":               {SecOps(), app, `{"category":"a","subcategory":null,"priority":"1","impact":"1"}`, []connector.Field{{Name: "category", Value: "a"}, {Name: "subcategory"}, {Name: "priority", Value: "1"}}, ""},
		"no boolean":           {SecOps(), app, `{"destIp":"yes"}`, nil, `field "destIp": want true, false or null, got string`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tc.typ.Format(tc.def, connector.CaseInfo{Fields: fields(t, tc.fields)})
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("error %v, want %q", err, tc.err)
			}
			if name == "20" && len(got.Fields) == 1 {
				got.Fields[0].Value = fmt.Sprint(strings.Count(got.Fields[0].Value.(string), ":"))
			}
			if diff := cmp.Diff(tc.want, got.Fields); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// alerts are documents in the shapes that they have: nested, dotted, half
// dotted, with lists of values and of objects.
const alerts = `[
	{"destination":{"ip":"203.0.113.9"},"source.ip":"198.51.100.1","file":{"hash.sha256":"aa"},"url":{"full":""}},
	{"destination.ip":["203.0.113.7","203.0.113.9"],"source":[{"ip":"198.51.100.2"},{"ip":["198.51.100.1"]}],"file.hash":{"sha256":"aa"}},
	{"destination":"odd","source":{"ip":7},"file":{"hash":{"sha256":["bb"," aa "]}},"url.full":"https://x.example/` + longPath + `"},
	{}
]`

const longPath = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func TestObservables(t *testing.T) {
	t.Parallel()
	c := connector.CaseInfo{Fields: m{"destIp": true, "sourceIp": true, "malwareHash": true, "malwareUrl": true}}
	if err := json.Unmarshal([]byte(alerts), &c.Alerts); err != nil {
		t.Fatal(err)
	}
	url := "https://x.example/" + longPath
	got, err := SecOps().Format(valid(nil, nil, nil), c)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]connector.Field{
		{Name: "dest_ip", Value: "203.0.113.9,203.0.113.7"},
		{Name: "source_ip", Value: "198.51.100.1,198.51.100.2"},
		{Name: "malware_hash", Value: "aa,bb"},
		{Name: "malware_url", Value: url},
	}, got.Fields); diff != "" || got.Comments != nil {
		t.Errorf("with the Table API: %s, comments %v", diff, got.Comments)
	}
	got, err = SecOps().Format(valid(m{"usesTableApi": false}, nil, nil), c)
	if err != nil {
		t.Fatal(err)
	}
	want := []connector.Comment{
		{ID: "observable/ipv4-addr/203.0.113.9", Text: "203.0.113.9", Target: "observables"},
		{ID: "observable/ipv4-addr/203.0.113.7", Text: "203.0.113.7", Target: "observables"},
		{ID: "observable/ipv4-addr/198.51.100.1", Text: "198.51.100.1", Target: "observables"},
		{ID: "observable/ipv4-addr/198.51.100.2", Text: "198.51.100.2", Target: "observables"},
		{ID: "observable/SHA256/aa", Text: "aa", Target: "observables"},
		{ID: "observable/SHA256/bb", Text: "bb", Target: "observables"},
		{ID: "observable/URL/" + connector.Digest(url), Text: url, Target: "observables"},
	}
	if diff := cmp.Diff(want, got.Comments); diff != "" || got.Fields != nil {
		t.Errorf("with the application: %s, fields %v", diff, got.Fields)
	}
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	if got := SecOps().Alerts(connector.CaseInfo{Fields: m{"destIp": true, "malwareUrl": true, "sourceIp": false, "malwareHash": nil}}); !cmp.Equal(got, []string{"destination.ip", "url.full"}) {
		t.Errorf("%q", got)
	}
	if got := SecOps().Alerts(connector.CaseInfo{}); got != nil {
		t.Errorf("%q for a case without fields", got)
	}
	if ITSM().Alerts != nil {
		t.Error("ITSM asks for alerts")
	}
}
