// Package kibanaschema says what Kibana accepts of a connector when it is
// created or updated over its API, with Kibana's error texts and the defaults
// that Kibana fills in. It judges as Kibana does and no stricter: what an
// adapter refuses beyond that, a private key that cannot be read for example,
// is found by the adapter's own check. It is pure.
//
// # Wording
//
// Kibana changed its texts twice. Here they are those of Kibana 8.x, whichever
// generation a rule is from:
//
//	[request body.config.index]: value '' is not valid
//	Action type ".unknown" is not registered.
//	error validating action type config: [apiUrl]: expected value of type [string] but got [undefined]
//	error validating action type secrets: [apiToken]: expected value of type [string] but got [undefined]
//	error validating action type connector: username must be provided when isOAuth = false
//
// A text names keys, types and what would be right, never the value that was
// given. The exception are addresses, as in Kibana, but without the user, the
// query and the fragment that they may hold.
//
// # Order
//
// Kibana reports one problem, the first of: blank texts anywhere (the name, the
// type, config, secrets), the type, the schema of config (keys in the order of
// the schema, then keys that it does not have), what else is required of config
// (hosts, OAuth), the schema of secrets, what else is required of secrets, and
// how config and secrets go together. Where Kibana follows the order of the
// request, keys are taken sorted.
//
// # More than Kibana
//
//   - .cases-webhook: createIncidentMethod may be patch, as the documents say.
//   - The mapping that .jira, .servicenow, .servicenow-sir and .resilient had
//     in 7.x (casesConfiguration, and incidentConfiguration with isCaseOwned in
//     7.9 and 7.10) is taken out of config. Its sources are checked, which 7.x
//     did not do.
//
// As in Kibana 8, a boolean may be the text "true" or "false", and an object or
// a list may be JSON text; what is kept is the boolean, the object, the list.
package kibanaschema

import (
	"fmt"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/secret"
)

// Definition is a connector as a request to Kibana's API has it. The values
// are those of encoding/json, with or without json.Number.
type Definition struct {
	Name, TypeID    string // "SOC Jira", ".jira"
	Config, Secrets map[string]any
}

// Options is what the answer depends on beside the definition.
type Options struct {
	// AllowedHosts are xpack.actions.allowedHosts: names of hosts, or "*" for
	// any. With none no address is accepted.
	AllowedHosts []string
}

// Valid is what is stored of a definition.
type Valid struct {
	// Config has the defaults filled in. It shares nothing with the definition.
	Config map[string]any
	// Secrets are those that were given and are not null. An object is its JSON text.
	Secrets map[string]secret.String
	// Mapping is the mapping of a 7.x definition, else nil.
	Mapping []connector.MappingRow
}

// The parts of a definition, as they are named in prefixes.
const (
	configPart  = "config"
	secretsPart = "secrets"
	bothParts   = "connector"
)

// Validate judges a definition as Kibana does on create and update. The
// definition is not changed. The error's text is Kibana's message for a status
// of 400; it shows no secret.
func Validate(d Definition, o Options) (Valid, error) {
	if err := refuseBlank(d); err != nil {
		return Valid{}, err
	}
	t, ok := find(d.TypeID)
	if !ok {
		return Valid{}, refusal(fmt.Sprintf("Action type %q is not registered.", d.TypeID))
	}
	config, err := t.validConfig(d.Config, o)
	if err != nil {
		return Valid{}, err
	}
	mapping := takeMapping(config)
	secrets, err := t.validSecrets(d.Secrets)
	if err != nil {
		return Valid{}, err
	}
	if t.checkBoth != nil {
		if err := refuse(bothParts, t.checkBoth(config, secrets)); err != nil {
			return Valid{}, err
		}
	}
	hidden, err := hide(secrets)
	return Valid{Config: config, Secrets: hidden, Mapping: mapping}, err
}

// validConfig returns config with its defaults; the mapping of 7.x is still in it.
func (t connectorType) validConfig(given map[string]any, o Options) (map[string]any, error) {
	config, bad := t.config.values(given)
	if bad != nil {
		return nil, refuse(configPart, bad.text(0))
	}
	if err := refuseBlankValues(configPart, config); err != nil {
		return nil, err // it came out of JSON text
	}
	if err := refuse(configPart, emptyMapping(config)); err != nil {
		return nil, err
	}
	if t.checkBeforeHosts != nil {
		if err := refuse(configPart, t.checkBeforeHosts(config)); err != nil {
			return nil, err
		}
	}
	if err := refuse(configPart, t.hosts.check(config, o.AllowedHosts)); err != nil {
		return nil, err
	}
	if t.checkConfig != nil {
		if err := refuse(configPart, t.checkConfig(config)); err != nil {
			return nil, err
		}
	}
	return config, nil
}

func (t connectorType) validSecrets(given map[string]any) (map[string]any, error) {
	secrets, bad := t.secrets.values(given)
	if bad != nil {
		return nil, refuse(secretsPart, bad.text(0))
	}
	if err := refuseBlankValues(secretsPart, secrets); err != nil {
		return nil, err
	}
	if t.checkSecrets != nil {
		if err := refuse(secretsPart, t.checkSecrets(secrets)); err != nil {
			return nil, err
		}
	}
	return secrets, nil
}

// refuse puts Kibana's prefix before a text; no text is no error.
func refuse(part, text string) error {
	if text == "" {
		return nil
	}
	return refusal("error validating action type " + part + ": " + text)
}

// refusal is an error with Kibana's text, which follows Kibana's style.
type refusal string

func (r refusal) Error() string { return string(r) }
