package config

import (
	"maps"
	"slices"

	"github.com/casepush/casepush/internal/secret"
)

// Secrets returns every secret of the configuration that is set: what must
// appear in no log line and no message.
func (c *Config) Secrets() []secret.String {
	all := []secret.String{
		c.NATS.Password, c.NATS.Token, c.NATS.TLS.Key.Content, c.HTTP.TLS.Key.Content,
		c.Kibana.APIKey, c.Kibana.Password, c.Kibana.ProxyURL, c.Kibana.SSL.Key.Content, c.Kibana.SSL.KeyPassphrase, c.Outbound.ProxyURL,
	}
	for _, t := range c.HTTP.Tokens {
		all = append(all, t.Token)
	}
	for _, headers := range []map[string]secret.String{c.Kibana.ProxyHeaders, c.Outbound.ProxyHeaders} {
		all = slices.AppendSeq(all, maps.Values(headers))
	}
	for _, h := range c.Outbound.CustomHostSettings {
		all = append(all, h.SSL.Key.Content, h.SSL.KeyPassphrase)
	}
	for _, d := range c.Connectors {
		for key, s := range d.Secrets {
			// The name of the account is no secret, and hiding it would hide
			// the same name wherever a case has it.
			if key != "email" && key != "username" && key != "user" {
				all = append(all, s)
			}
		}
	}
	return slices.DeleteFunc(all, func(s secret.String) bool { return s.Reveal() == "" })
}
