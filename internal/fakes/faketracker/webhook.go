package faketracker

import (
	"net/http"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakewebhook"
)

// Webhook is a target of the cases webhook that takes no notice of idempotency
// keys: nothing can be looked up there.
func Webhook() Kind { return webhookKind("webhook", false) }

// WebhookIdempotent is a target that honours idempotency keys.
func WebhookIdempotent() Kind { return webhookKind("webhook-idempotent", true) }

func webhookKind(name string, idempotent bool) Kind {
	return Kind{
		Name: name,
		New: func(o Options) Tracker {
			return webhook{fakewebhook.New(fakewebhook.Options{Idempotent: idempotent, Seed: o.Seed, JournalSize: o.JournalSize})}
		},
		Definition: func(url string, t Times) connector.Definition {
			d := connector.Definition{
				Name: "SOC webhook", Type: ".cases-webhook", Config: withoutStatus(fakewebhook.Options{}.Definition(url)),
				Delivery: map[string]any{"settle_time": t.SettleTime.String()},
			}
			if idempotent {
				d.Delivery["idempotency_key"] = true
			}
			return d
		},
		Can:          Abilities{Idempotent: idempotent},
		Create:       fakes.Rule{Method: http.MethodPost, Path: "**/incidents"},
		Comment:      fakes.Rule{Method: http.MethodPost, Path: "**/comments"},
		Reads:        byMethod,
		Unrepeatable: webhookAdds,
		Titles:       Targets{Comments: "comments"},
		Bare:         true,
		Asides:       true,
	}
}

// withoutStatus leaves the case's status out of the templates: with it, each case
// that a push closes has something to send again.
func withoutStatus(config map[string]any) map[string]any {
	for _, name := range []string{"createIncidentJson", "updateIncidentJson"} {
		config[name] = strings.Replace(config[name].(string), "  \"status\": {{{case.status}}},\n", "", 1)
	}
	return config
}

func webhookAdds(method, path, _ string) bool {
	return method == http.MethodPost && (strings.HasSuffix(path, "/incidents") || strings.HasSuffix(path, "/comments"))
}

type webhook struct{ *fakewebhook.Fake }

// Incidents implements [Tracker]. The case's id is a field that people see and
// nobody can search for.
func (w webhook) Incidents() []Incident {
	all := w.Fake.Incidents()
	list := make([]Incident, len(all))
	for i, have := range all {
		in := Incident{
			ID: have.ID, Name: have.Reference, Title: have.Title, Description: have.Description,
			Marks: []string{have.CaseID}, Case: have.CaseID, Tags: have.Tags,
		}
		for _, c := range have.Comments {
			in.Comments = append(in.Comments, c.Text)
		}
		list[i] = in
	}
	return list
}
