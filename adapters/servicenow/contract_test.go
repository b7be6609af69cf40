package servicenow_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/casepush/casepush/adapters/servicenow"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/connectortest"
	"github.com/casepush/casepush/internal/fakes/fakeservicenow"
	"github.com/casepush/casepush/internal/secret"
)

// tracker shows the suite what one table of a fake ServiceNow holds.
type tracker struct {
	*fakeservicenow.Fake
	table string
}

// Incidents implements [connectortest.Tracker].
func (f tracker) Incidents() []connectortest.Incident {
	var list []connectortest.Incident
	for _, have := range f.Fake.Incidents(f.table) {
		in := connectortest.Incident{
			ID: have.SysID,
			Texts: map[string]string{
				"short_description": have.Fields["short_description"], "description": have.Fields["description"], "category": have.Fields["category"],
			},
			Targets: map[string][]string{"work_notes": have.Notes("work_notes"), "comments": have.Notes("comments")},
		}
		for _, e := range have.Journal {
			in.Comments = append(in.Comments, e.Value)
		}
		list = append(list, in)
	}
	return list
}

const (
	user         = "casepush-user"
	password     = "canary-password+with/odd=chars"
	clientSecret = "canary-client-secret+/="
)

// clientKey is made once: it takes a while.
var clientKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func pemOf(key *rsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// flavour is one way to use ServiceNow.
type flavour struct {
	typ      connector.Type
	table    string
	tableAPI bool
	oauth    bool
}

func flavours() map[string]flavour {
	out := map[string]flavour{}
	for product, f := range map[string]flavour{
		"ITSM":   {typ: servicenow.ITSM(), table: fakeservicenow.TableIncident},
		"SecOps": {typ: servicenow.SecOps(), table: fakeservicenow.TableSecurityIncident},
	} {
		for api, tableAPI := range map[string]bool{"table": true, "import": false} {
			for auth, oauth := range map[string]bool{"basic": false, "oauth": true} {
				if product == "SecOps" && oauth == tableAPI {
					continue // it differs from ITSM in no way that depends on both
				}
				f.tableAPI, f.oauth = tableAPI, oauth
				out[product+" "+api+" "+auth] = f
			}
		}
	}
	return out
}

// definition is a connector of this flavour at the address.
func (f flavour) definition(address string) connector.Definition {
	def := connector.Definition{
		ID: "soc-servicenow", Type: f.typ.ID,
		Config:  map[string]any{"apiUrl": address, "usesTableApi": strconv.FormatBool(f.tableAPI)},
		Secrets: map[string]secret.String{"username": secret.New(user), "password": secret.New(password)},
	}
	if f.oauth {
		def.Config["isOAuth"], def.Config["clientId"], def.Config["jwtKeyId"], def.Config["userIdentifierValue"] = true, "client-1", "key-1", user
		def.Secrets = map[string]secret.String{"clientSecret": secret.New(clientSecret), "privateKey": secret.New(pemOf(clientKey()))}
	}
	return def
}

// options make an instance that takes this flavour's credentials alone.
func (f flavour) options() fakeservicenow.Options {
	if !f.oauth {
		return fakeservicenow.Options{Users: map[string]secret.String{user: secret.New(password)}}
	}
	return fakeservicenow.Options{OAuth: &fakeservicenow.OAuth{
		ClientID: "client-1", ClientSecret: secret.New(clientSecret), Keys: map[string]*rsa.PublicKey{"key-1": &clientKey().PublicKey}, Users: []string{user},
	}}
}

// secrets are those of the definition, the key by the lines of its text.
func (f flavour) secrets() []string {
	if !f.oauth {
		return []string{password}
	}
	return []string{clientSecret, strings.Split(pemOf(clientKey()), "\n")[3]}
}

func sample() connector.Incident {
	return connector.Incident{Fields: []connector.Field{
		{Name: "short_description", Value: "Beacon to 203.0.113.7"},
		{Name: "description", Value: "Seen on HMS-PC07."},
		{Name: "category", Value: "software"},
	}}
}

// reads says that a request for a token changes nothing.
func reads(r *http.Request) bool {
	return r.Method == http.MethodGet || r.URL.Path == "/oauth_token.do"
}

func TestContract(t *testing.T) {
	for name, f := range flavours() {
		t.Run(name, func(t *testing.T) {
			skip := map[string]string{}
			if !f.tableAPI {
				const why = "the import names no incident in its path: whether the one to change is there was asked before"
				for _, op := range []string{"update", "comment"} {
					skip[op+"/404"], skip[op+"/404 page"] = why, why
				}
			}
			connectortest.Run(t, connectortest.Harness{
				New: func(url string, client *http.Client) (connector.Connector, error) {
					def := f.definition(url)
					def.Delivery = map[string]any{"duplicate_state": "7", "duplicate_close_code": "Duplicate", "duplicate_close_notes": "see the work notes"}
					return f.typ.New(def, connector.Dependencies{HTTP: client})
				},
				Tracker:  func() connectortest.Tracker { return tracker{fakeservicenow.New(f.options()), f.table} },
				Incident: sample(),
				Secrets:  f.secrets(),
				Targets:  []string{"work_notes", "comments"},
				Reads:    reads,
				Skip:     skip,
				Refusal: func(words string) string {
					b, _ := json.Marshal(map[string]any{"error": map[string]any{"message": words, "detail": nil}, "status": "failure"})
					return string(b)
				},
			})
		})
	}
}
