package fakeswimlane

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/fakes/fakestest"
	"github.com/casepush/casepush/internal/secret"
)

const records = "/api/app/" + AppID + "/record"

// body is the body of a create, or of a patch of the record.
func body(record, values string) string {
	id := ""
	if record != "" {
		id = `"id":"` + record + `",`
	}
	return `{"applicationId":"` + AppID + `",` + id + `"values":` + values + `}`
}

// create makes a record and returns its id.
func create(t *testing.T, f *Fake, values string) string {
	t.Helper()
	status, answer := fakestest.Call(t, f, "POST", records, body("", values))
	if status != 200 {
		t.Fatalf("create: %d %v", status, answer)
	}
	return answer["id"].(string)
}

func TestCreateReadPatch(t *testing.T) {
	t.Parallel()
	f := New(Options{})
	status, made := fakestest.Call(t, f, "POST", records, body("", `{"$type":"x","a3rvw":"c-81","a04rv":"Beacon","aqkg3":17.5,"acl9o":null}`))
	if status != 200 || made["name"] != "CAS-1" || made["trackingId"] != 1.0 || made["createdDate"] == nil {
		t.Fatalf("create: %d %v", status, made)
	}
	id := made["id"].(string)
	status, patched := fakestest.Call(t, f, "PATCH", records+"/"+id, body(id, `{"a04rv":null,"acl9o":"text"}`))
	if status != 200 || patched["modifiedDate"] == nil {
		t.Fatalf("patch: %d %v", status, patched)
	}
	for _, path := range []string{"/" + id, "/tracking/1", "/tracking/CAS-1"} {
		status, rec := fakestest.Call(t, f, "GET", records+path, "")
		want := map[string]any{"$type": valuesType, "a3rvw": "c-81", "acl9o": "text", "aqkg3": 17.5, TrackingID: "CAS-1"}
		if status != 200 || fmt.Sprint(rec["values"]) != fmt.Sprint(want) || rec["trackingFull"] != "CAS-1" {
			t.Errorf("%s: %d %v, want %v", path, status, rec, want)
		}
	}
	if n := len(f.Journal().Writes()); n != 2 {
		t.Errorf("%d writes in the journal, want 2", n)
	}
	if status, _ := fakestest.CallRaw(t, f, "DELETE", records+"/"+id, ""); status != 204 || len(f.Records()) != 0 {
		t.Errorf("delete: %d, %d records left", status, len(f.Records()))
	}
	if second := create(t, f, `{}`); second == id {
		t.Errorf("the id %q was given twice", id)
	}
}

// refusals are requests that a real server refuses, with the code of the body.
func TestRefusals(t *testing.T) {
	t.Parallel()
	app := SampleApp()
	app.Fields = append(app.Fields,
		Field{ID: "req", Name: "Owner", FieldType: "text", Required: true},
		Field{ID: "uni", Name: "Unique", FieldType: "text", Unique: true},
		Field{ID: "short", Name: "Short", FieldType: "text", MaxLength: 3})
	f := New(Options{Apps: []App{app}})
	id := create(t, f, `{"req":"ann","uni":"one"}`)
	for _, tc := range []struct {
		method, path, body, argument string
		code                         int
	}{
		{"POST", records, body("", `{"req":"a","a3rvw":7}`), "Case Id", wrongType},
		{"POST", records, body("", `{"req":"a","aqkg3":"7"}`), "Score", wrongType},
		{"POST", records, body("", `{"req":"a","aasnf":"High"}`), "Severity", wrongType},
		{"POST", records, body("", `{"req":"a","aasnf":{"id":"58e7bb144121bd73d8f53845","value":"High"}}`), "Severity", wrongType},
		{"POST", records, body("", `{"req":"a","aasnf":{"$type":"Core.Models.Record.ValueSelection, Core","id":"58e7bb144121bd73d8f53845","value":"Low"}}`), "Severity", wrongType},
		{"POST", records, body("", `{"req":"a","a3w8f":{"$type":"Core.Models.Record.ValueSelection, Core","id":"58c02d124233491ba2afff63","value":"c2"}}`), "Tags", wrongType},
		{"POST", records, body("", `{"req":"a","a3uau":[]}`), "Comments", wrongType},
		{"POST", records, body("", `{"req":"a","short":"four"}`), "Short", modelValidation},
		{"POST", records, body("", `{"req":"a","nope":"x"}`), "nope", fieldNotFound},
		{"POST", records, body("", `{"req":"a","`+TrackingID+`":"CAS-9"}`), "Tracking Id", modelValidation},
		{"POST", records, body("", `{"uni":"two"}`), "Owner", requiredMissing},
		{"POST", records, body("", `{"req":"a","uni":"one"}`), "Unique", duplicateFieldValue},
		{"POST", records, `{"applicationId":"x","values":{}}`, "applicationId, id and values", modelValidation},
		{"POST", records, `{"applicationId":"` + AppID + `"}`, "applicationId, id and values", modelValidation},
		{"POST", records, `{`, "", modelValidation},
		{"POST", "/api/app/none/record", `{"applicationId":"none","values":{}}`, "none", applicationNotFound},
		{"PATCH", records + "/none", body("none", `{}`), "none", recordNotFound},
		{"PATCH", records + "/" + id, body("", `{}`), "applicationId, id and values", modelValidation},
		{"PATCH", records + "/" + id, body(id, `{"req":null}`), "Owner", requiredMissing},
		{"PATCH", records + "/" + id, strings.Replace(body(id, `{}`), `"values"`, `"comments":{},"values"`, 1), "comments", modelValidation},
		{"GET", records + "/none", "", "none", recordNotFound},
		{"GET", records + "/tracking/99", "", "99", recordNotFound},
		{"GET", "/api/app/none/record/" + id, "", "none", applicationNotFound},
		{"POST", records + "/" + id + "/a3uau/comment", `{"message":"x","createdDate":"yesterday"}`, "createdDate", invalidDateField},
		{"POST", records + "/" + id + "/a3uau/comment", `{"createdDate":"2026-11-23T10:00:00.000Z"}`, "message and fieldId", modelValidation},
		{"POST", records + "/" + id + "/a3rvw/comment", `{"message":"x","createdDate":"2026-11-23T10:00:00.000Z"}`, "Case Id", wrongType},
		{"POST", records + "/" + id + "/nope/comment", `{"message":"x","createdDate":"2026-11-23T10:00:00.000Z"}`, "nope", fieldNotFound},
		{"POST", records + "/none/a3uau/comment", `{"message":"x","createdDate":"2026-11-23T10:00:00.000Z"}`, "none", recordNotFound},
		{"POST", "/api/search", `{"applicationIds":["none"]}`, "none", applicationNotFound},
		{"POST", "/api/search", `{"applicationIds":["` + AppID + `"],"filters":[{"fieldId":"nope","filterType":"equals","value":"x"}]}`, "nope", fieldNotFound},
		{"POST", "/api/search", `{"applicationIds":["` + AppID + `"],"filters":[{"fieldId":"a3rvw","filterType":"like","value":"x"}]}`, "Case Id", badFilter},
		{"POST", "/api/search", `{"pageSize":-1}`, "pageSize, offset, keywords, groupBys or aggregates", badFilter},
	} {
		status, answer := fakestest.Call(t, f, tc.method, tc.path, tc.body)
		argument, _ := answer["Argument"].(string)
		if status != 400 || answer["ErrorCode"] != float64(tc.code) || (tc.argument != "" && argument != tc.argument) {
			t.Errorf("%s %s %s: %d %v, want %d %q", tc.method, tc.path, tc.body, status, answer, tc.code, tc.argument)
		}
	}
	if n := len(f.Journal().Writes()); n != 1 {
		t.Errorf("%d writes, want the first alone", n)
	}
}

func TestOtherStatuses(t *testing.T) {
	t.Parallel()
	f := New(Options{Token: secret.New("t0ken"), Prefix: TurbinePrefix})
	for _, tc := range []struct {
		method, path, token string
		want                int
	}{
		{"GET", TurbinePrefix + "/user/authorize", "t0ken", 200},
		{"GET", TurbinePrefix + "/user/authorize", "other", 401},
		{"GET", TurbinePrefix + "/settings", "t0ken", 200},
		{"GET", TurbinePrefix + "/app/" + AppID, "t0ken", 200},
		{"GET", TurbinePrefix + "/app/none", "t0ken", 204},
		{"GET", "/api/app/" + AppID, "t0ken", 404},
		{"GET", TurbinePrefix + "/none", "t0ken", 404},
		{"PUT", TurbinePrefix + "/app/" + AppID + "/record", "t0ken", 405},
		{"POST", TurbinePrefix + "/search", "t0ken", 415},
	} {
		status, b := fakestest.CallRaw(t, f, tc.method, tc.path, "", "Private-Token", tc.token)
		if status != tc.want || (status == 401 && len(b) != 0) {
			t.Errorf("%s %s: %d %q, want %d", tc.method, tc.path, status, b, tc.want)
		}
	}
}

func TestApplications(t *testing.T) {
	t.Parallel()
	f := New(Options{})
	status, app := fakestest.Call(t, f, "GET", "/api/app/"+AppID, "")
	fields, _ := app["fields"].([]any)
	if status != 200 || app["acronym"] != "CAS" || app["trackingFieldId"] != TrackingID || len(fields) != len(SampleApp().Fields) {
		t.Errorf("application: %d %v", status, app)
	}
	if status, b := fakestest.CallRaw(t, f, "GET", "/api/app", ""); status != 200 || !strings.HasPrefix(string(b), "[{") {
		t.Errorf("applications: %d %.80s", status, b)
	}
}

func TestCommentsAndPage(t *testing.T) {
	t.Parallel()
	f := New(Options{})
	id := create(t, f, `{"a04rv":"<Beacon>","acl9o":"Seen twice","aasnf":{"$type":"Core.Models.Record.ValueSelection, Core","id":"58e7bb144121bd73d8f53845","value":"High"}}`)
	comment := `{"createdDate":"2026-11-23T10:00:00.123Z","fieldId":"a3uau","isRichText":true,"message":"One &amp; two"}`
	if status, b := fakestest.CallRaw(t, f, "POST", records+"/"+id+"/a3uau/comment", comment); status != 204 || len(b) != 0 {
		t.Errorf("comment: %d %q", status, b)
	}
	_, rec := fakestest.Call(t, f, "GET", records+"/"+id, "")
	list, _ := rec["comments"].(map[string]any)["a3uau"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["message"] != "One &amp; two" || list[0].(map[string]any)["createdDate"] != "2026-11-23T10:00:00.123Z" {
		t.Errorf("comments: %v", rec["comments"])
	}
	status, page := fakestest.CallRaw(t, f, "GET", "/record/"+AppID+"/"+id, "")
	for _, want := range []string{"CAS-1", "&lt;Beacon&gt;", "Seen twice", "High", "One &amp;amp; two"} {
		if status != 200 || !strings.Contains(string(page), want) {
			t.Errorf("page: %d, want %q in %s", status, want, page)
		}
	}
	for _, path := range []string{"/record/" + AppID + "/none", "/record/none/" + id, "/record/"} {
		if status, _ := fakestest.CallRaw(t, f, "GET", path, ""); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// A locked record refuses others' changes, and its holder's not.
func TestLocks(t *testing.T) {
	t.Parallel()
	for _, status := range []int{0, 400, 403} {
		f := New(Options{LockedStatus: status, UserName: "worker"})
		id := create(t, f, `{}`)
		status, locked := fakestest.Call(t, f, "POST", records+"/"+id+"/lock", "")
		if status != 200 || locked["locked"] != true || locked["lockingUser"].(map[string]any)["name"] != "worker" || locked["lockedDate"] == nil {
			t.Errorf("lock: %d %v", status, locked)
		}
		patch := func() int {
			status, _ := fakestest.CallRaw(t, f, "PATCH", records+"/"+id, body(id, `{"a04rv":"x"}`))
			return status
		}
		if got := patch(); got != 200 {
			t.Errorf("patch by the holder: %d", got)
		}
		if !f.Lock(id, "ann") || f.Lock("none", "ann") {
			t.Error("Lock does not say whether the record is there")
		}
		want := f.opts.LockedStatus
		if got := patch(); got != want || want == 0 {
			t.Errorf("patch of ann's: %d, want %d", got, want)
		}
		for _, path := range []string{"/a3uau/comment", "/unlock"} {
			if got, _ := fakestest.CallRaw(t, f, "POST", records+"/"+id+path, `{"message":"x","createdDate":"2026-11-23T10:00:00Z"}`); got != want {
				t.Errorf("%s of ann's: %d, want %d", path, got, want)
			}
		}
		if got, _ := fakestest.CallRaw(t, f, "GET", records+"/"+id, ""); got != 200 {
			t.Errorf("read of ann's: %d", got)
		}
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := New(Options{SearchDelay: time.Minute})
		search := func(value string, size, page int) (float64, []any) {
			t.Helper()
			status, answer := fakestest.Call(t, f, "POST", "/api/search", fmt.Sprintf(
				`{"applicationIds":[%q],"columns":["a3rvw"],"filters":[{"fieldId":"a3rvw","filterType":"equals","value":%q}],"pageSize":%d,"offset":%d}`, AppID, value, size, page))
			if status != http.StatusOK {
				t.Fatalf("search: %d %v", status, answer)
			}
			hits, _ := answer["results"].(map[string]any)[AppID].([]any)
			return answer["count"].(float64), hits
		}
		for i := range 3 {
			create(t, f, fmt.Sprintf(`{"a3rvw":"c-81","a04rv":"%d"}`, i))
		}
		create(t, f, `{"a3rvw":"c-82"}`)
		if n, hits := search("c-81", 50, 0); n != 0 || len(hits) != 0 {
			t.Errorf("new records are found at once: %v", hits)
		}
		<-time.After(time.Minute)
		n, hits := search("C-81", 2, 0)
		if n != 3 || len(hits) != 2 {
			t.Fatalf("%v hits, %d on the first page of 2", n, len(hits))
		}
		hit := hits[0].(map[string]any)
		if hit["name"] != nil || hit["trackingFull"] != nil || hit["trackingId"] != 3.0 || fmt.Sprint(hit["values"]) != fmt.Sprint(map[string]any{"$type": valuesType, "a3rvw": "c-81"}) {
			t.Errorf("hit %v", hit)
		}
		if _, hits := search("c-81", 2, 1); len(hits) != 1 {
			t.Errorf("%d on the second page", len(hits))
		}
		if _, hits := search("c-81", 2, 9); len(hits) != 0 {
			t.Errorf("%d beyond the end", len(hits))
		}
	})
}
