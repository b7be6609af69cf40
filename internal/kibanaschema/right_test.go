package kibanaschema_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibanaschema"
)

// accepted validates what must be right.
func accepted(t testing.TB, d kibanaschema.Definition) kibanaschema.Valid {
	t.Helper()
	v, err := kibanaschema.Validate(d, anywhere())
	if err != nil {
		t.Fatalf("%s: %v", d.TypeID, err)
	}
	return v
}

// revealed returns secrets as texts.
func revealed(v kibanaschema.Valid) map[string]string {
	out := map[string]string{}
	for key, s := range v.Secrets {
		out[key] = s.Reveal()
	}
	return out
}

func TestDefaults(t *testing.T) {
	itom := m{"apiUrl": "https://sn.example", "isOAuth": false, "userIdentifierValue": nil, "clientId": nil, "jwtKeyId": nil}
	for typeID, want := range map[string]m{
		".jira":            {"apiUrl": "https://jira.example", "projectKey": "ES"},
		".servicenow":      edited(itom, m{"usesTableApi": true}),
		".servicenow-sir":  edited(itom, m{"usesTableApi": true}),
		".servicenow-itom": itom,
		".resilient":       {"apiUrl": "https://soar.example", "orgId": "201"},
		".swimlane": {"apiUrl": "https://swim.example", "appId": "a", "connectorType": "all", "mappings": m{
			"ruleNameConfig": nil, "alertIdConfig": nil, "caseIdConfig": nil, "caseNameConfig": nil, "commentsConfig": nil,
			"severityConfig": nil, "descriptionConfig": nil,
		}},
		".cases-webhook": edited(webhookConfig(), m{
			"createIncidentMethod": "post", "getIncidentMethod": "get", "getIncidentJson": nil, "updateIncidentMethod": "put",
			"createCommentUrl": nil, "createCommentMethod": "put", "createCommentJson": nil, "headers": nil, "hasAuth": true,
		}),
		".index":      {"index": "i", "refresh": false, "executionTimeField": nil},
		".opsgenie":   {"apiUrl": "https://og.example"},
		".server-log": {},
		".thehive":    {"url": "https://hive.example", "organisation": nil},
	} {
		d := good(t, typeID)
		v := accepted(t, d)
		if diff := cmp.Diff(want, v.Config); diff != "" {
			t.Errorf("%s: %s", typeID, diff)
		}
		if diff := cmp.Diff(len(d.Secrets), len(v.Secrets)); diff != "" || v.Mapping != nil {
			t.Errorf("%s: secrets %s, mapping %v", typeID, diff, v.Mapping)
		}
		if diff := cmp.Diff(good(t, typeID), d); diff != "" {
			t.Errorf("%s: the definition was changed: %s", typeID, diff)
		}
	}
}

func TestKept(t *testing.T) {
	d := good(t, ".cases-webhook")
	given := edited(d.Config, m{
		"createIncidentMethod": "patch", "getIncidentMethod": "post", "getIncidentJson": "{}", "updateIncidentMethod": "patch",
		"createCommentUrl": "https://hook.example/c", "createCommentMethod": nil, "createCommentJson": "{}",
		"headers": m{"X-A": "1"}, "hasAuth": false, "authType": nil, "certType": "ssl-pfx", "ca": "Y2E=", "verificationMode": "none",
		"accessTokenUrl": "https://t.example", "clientId": "c", "scope": "s", "additionalFields": nil,
	})
	d.Config = given
	d.Secrets = m{"pfx": "cGZ4", "password": "p", "user": nil, "secretHeaders": m{"X-B": "<2>"}}
	v := accepted(t, d)
	if diff := cmp.Diff(given, v.Config); diff != "" {
		t.Error(diff)
	}
	headers := m{}
	if err := json.Unmarshal([]byte(v.Secrets["secretHeaders"].Reveal()), &headers); err != nil || headers["X-B"] != "<2>" {
		t.Errorf("secretHeaders %v, %v", headers, err)
	}
	delete(v.Secrets, "secretHeaders")
	if diff := cmp.Diff(map[string]string{"pfx": "cGZ4", "password": "p"}, revealed(v)); diff != "" {
		t.Error(diff)
	}
	given["headers"].(m)["X-A"] = "changed"
	if v.Config["headers"].(m)["X-A"] != "1" {
		t.Error("the config shares an object with the definition")
	}
}

// Whole sets of credentials, each with a key that cannot be read: that is found
// elsewhere.
func TestCredentials(t *testing.T) {
	accepted(t, oauth(t))
	for _, secrets := range []m{
		{"user": "u", "password": "p"},
		{"crt": "c", "key": "k"},
		{"crt": "c", "key": "k", "password": "p"},
		{"pfx": "x"},
		{"pfx": "x", "password": "p"},
		{"clientSecret": "s"},
		{"secretHeaders": m{"Authorization": "Bearer t"}},
	} {
		d := good(t, ".cases-webhook")
		d.Secrets = secrets
		accepted(t, d)
	}
	d := good(t, ".cases-webhook")
	d.Config["hasAuth"], d.Secrets = false, nil
	if v := accepted(t, d); len(v.Secrets) != 0 {
		t.Errorf("secrets %v from nothing", v.Secrets)
	}
}

// U+0085 is white space to Go, and none to Kibana.
func TestNotBlank(t *testing.T) {
	d := good(t, ".index")
	d.Config["index"] = "\u0085"
	if got := accepted(t, d).Config["index"]; got != "\u0085" {
		t.Errorf("%q", got)
	}
}

func TestCoerced(t *testing.T) {
	d := good(t, ".servicenow")
	d.Config = edited(d.Config, m{"isOAuth": "False", "usesTableApi": "FALSE"})
	if c := accepted(t, d).Config; c["isOAuth"] != false || c["usesTableApi"] != false {
		t.Errorf("booleans are %v and %v", c["isOAuth"], c["usesTableApi"])
	}
	d = oauth(t)
	d.Config["isOAuth"] = "true"
	if c := accepted(t, d).Config; c["isOAuth"] != true {
		t.Errorf("isOAuth is %v", c["isOAuth"])
	}
	d = good(t, ".cases-webhook")
	d.Config["headers"], d.Secrets["secretHeaders"] = ` {"X-A": "1"} `, `{ "X-B": "2" }`
	v := accepted(t, d)
	if diff := cmp.Diff(m{"X-A": "1"}, v.Config["headers"]); diff != "" || v.Secrets["secretHeaders"].Reveal() != `{"X-B":"2"}` {
		t.Errorf("headers %s, secret ones %s", diff, v.Secrets["secretHeaders"].Reveal())
	}
	d = good(t, ".swimlane")
	d.Config["mappings"] = `{"caseIdConfig":{"id":"1","key":"k","name":"n","fieldType":"text"}}`
	want := m{"id": "1", "key": "k", "name": "n", "fieldType": "text"}
	if diff := cmp.Diff(want, accepted(t, d).Config["mappings"].(m)["caseIdConfig"]); diff != "" {
		t.Error(diff)
	}
}

func TestMapping(t *testing.T) {
	rows := mapped(row("title", "summary", "overwrite"), row("comments", "comments", "append"), row("tags", "labels", "nothing"))
	want := []connector.MappingRow{
		{Source: connector.Title, Target: "summary", ActionType: connector.Overwrite},
		{Source: connector.Comments, Target: "comments", ActionType: connector.Append},
		{Source: connector.Tags, Target: "labels", ActionType: connector.Nothing},
	}
	other := mapped(row("description", "other", "append"))
	for _, typeID := range []string{".jira", ".servicenow", ".servicenow-sir", ".resilient"} {
		for name, old := range map[string]m{
			"7.7":        {"casesConfiguration": rows},
			"7.9":        {"incidentConfiguration": rows, "isCaseOwned": true},
			"both":       {"casesConfiguration": rows, "incidentConfiguration": other},
			"null, text": {"casesConfiguration": rows, "incidentConfiguration": nil, "isCaseOwned": "false"},
		} {
			d := good(t, typeID)
			plain := accepted(t, d).Config
			d.Config = edited(d.Config, old)
			v := accepted(t, d)
			if diff := cmp.Diff(want, v.Mapping); diff != "" {
				t.Errorf("%s, %s: %s", typeID, name, diff)
			}
			if diff := cmp.Diff(plain, v.Config); diff != "" {
				t.Errorf("%s, %s: more than the mapping was taken out, or less: %s", typeID, name, diff)
			}
		}
	}
	d := good(t, ".jira")
	d.Config = edited(d.Config, m{"incidentConfiguration": nil, "isCaseOwned": nil})
	if v := accepted(t, d); v.Mapping != nil || len(v.Config) != 2 {
		t.Errorf("nulls became %v and %v", v.Mapping, v.Config)
	}
}

func TestHosts(t *testing.T) {
	for address, host := range map[string]string{
		"https://Jira.Example:8443/x/": "jira.example", "http://u:p@jira.example": "jira.example", "HTTPS:jira.example": "jira.example",
		`https:\\jira.example\x`: "jira.example", "https://[2001:DB8::1]:80/": "2001:db8::1", "https://a%2Db.example/%zz?{{x}}": "a-b.example",
		" https://jira\n.example ": "jira.example", "other://u@Jira.example/x": "jira.example",
	} {
		d := good(t, ".cases-webhook")
		for key := range d.Config {
			if len(key) > 3 && key[len(key)-3:] == "Url" {
				d.Config[key] = address
			}
		}
		for _, allowed := range []string{host, "*"} {
			if _, err := kibanaschema.Validate(d, kibanaschema.Options{AllowedHosts: []string{"first.example", allowed}}); err != nil {
				t.Errorf("%q with %q: %v", address, allowed, err)
			}
		}
	}
	const word = "unable to parse"
	for address, cause := range map[string]string{
		"hook.example/x": word, "//hook.example": word, "https://": word, "https:///?x": word, "https://a b/": word, "https://h:99999": word,
		"https://h:-1": word, "https://[::1": word, "https://[1.2.3.4]/": word, "https://[::1]x": word, "https://[fe80::1%25eth0]": word, "https://[fe80::1%eth0]": word, "1http://h": word, "https://h%/": word,
		"mailto:a@hook.example": "target url", "file:///etc/passwd": "target url", "data:hook.example": "target url",
		"https://a.hook.example": "target url", "https://ahook.example": "target url", "https://hook.example.org": "target url", "https://hook.exampl": "target url",
	} {
		d := good(t, ".cases-webhook")
		d.Config["viewIncidentUrl"] = address
		_, err := kibanaschema.Validate(d, kibanaschema.Options{AllowedHosts: []string{"hook.example"}})
		if want := inConfig + "error configuring cases webhook action: " + cause; err == nil || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
			t.Errorf("%q: %v, want %s", address, err, want)
		}
	}
}

// Users and queries are not shown, however the address is written.
func TestShownAddress(t *testing.T) {
	for address, shown := range map[string]string{
		"https://u:canary@h/x?canary": "https://h/x", `https:\\u:canary@h\x#canary`: `https:\\h\x`, "https:u:canary@h": "https:h",
		"ht\ntps://u:canary@h/@": "https://h/@", "u:canary@h": "u:h", "https://u@canary@h": "https://h", "canary@h": "h", "https://h?x=https://u:canary@h": "https://h",
	} {
		d := good(t, ".jira")
		d.Config["apiUrl"] = address
		wantRefused(t, d, kibanaschema.Options{}, inConfig+`error configuring connector action: target url "`+shown+noHost)
	}
}
