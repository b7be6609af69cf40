package fakejira

import (
	"fmt"
	"testing"

	"github.com/casepush/casepush/internal/fakes/fakestest"
)

func TestPermissions(t *testing.T) {
	for _, flavour := range flavours() {
		t.Run(flavour.String(), func(t *testing.T) {
			j := sampleJira(t, Options{Flavour: flavour})
			have := func(query string) string {
				t.Helper()
				status, v := fakestest.Call(t, j, "GET", "/rest/api/2/mypermissions?"+query, "")
				all, _ := v["permissions"].(map[string]any)
				one, _ := all["EDIT_ISSUES"].(map[string]any)
				return fmt.Sprint(status, one["havePermission"])
			}
			const edit = "permissions=EDIT_ISSUES,LINK_ISSUES"
			change := func() int {
				status, _ := fakestest.CallRaw(t, j, "PUT", "/rest/api/2/issue/HMS-1", `{"fields":{"summary":"s"}}`)
				return status
			}
			if got := have("projectKey=hms&" + edit); got != "200 true" || change() != 204 {
				t.Errorf("at first: %s", got)
			}
			if status, b := fakestest.CallRaw(t, j, "PUT", "/__permissions", `{"EDIT_ISSUES":false}`); status != 200 {
				t.Fatalf("control: %d %s", status, b)
			}
			if got := have(edit); got != "200 false" || change() != 403 {
				t.Errorf("taken away: %s", got)
			}
			if got := have("projectKey=NONE&" + edit); got != "404 <nil>" {
				t.Errorf("another project: %s", got)
			}
			want := map[Flavour]string{Cloud: "400 <nil>", DataCenter: "200 false"}[flavour]
			for _, query := range []string{"", "permissions=FLY"} {
				if got := have(query); got != want {
					t.Errorf("%q: %s, want %s", query, got, want)
				}
			}
			if err := j.Permit(map[string]bool{"EDIT_ISSUES": true}); err != nil || change() != 204 {
				t.Errorf("given back: %v", err)
			}
			for method, body := range map[string]string{"PUT": `{"FLY":true}`, "POST": `{}`, "DELETE": ``} {
				if status, _ := fakestest.CallRaw(t, j, method, "/__permissions", body); status != 400 && status != 405 {
					t.Errorf("%s %s: %d", method, body, status)
				}
			}
			if _, v := fakestest.Call(t, j, "GET", "/__permissions", ""); v["EDIT_ISSUES"] != true || v["FLY"] != nil {
				t.Errorf("control: %v", v)
			}
		})
	}
}
