package config

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/secret"
)

// check looks at what no key alone can tell.
func (l *loader) check(cfg *Config) {
	l.checkNATS(cfg)
	l.checkHTTP(&cfg.HTTP)
	l.checkKibana(&cfg.Kibana)
	l.checkOutbound(&cfg.Outbound)
	l.checkWorker(&cfg.Worker)
	l.checkResponseTimeout(cfg)
}

func (l *loader) checkNATS(cfg *Config) {
	n := &cfg.NATS
	if e := l.root.get("embedded"); e != nil && e.value.kind != kindNull && n.URL != "" {
		l.failKey(e, "remove one of the two", "the embedded server is for a configuration without nats.url")
	}
	if n.URL != "" && !l.at("nats", "url").bad {
		l.takeCredentials(n)
	}
	l.checkNATSLogin(n)
	if n.Replicas != 1 && n.Replicas != 3 && n.Replicas != 5 {
		l.fail(l.at("nats", "replicas"), "", "want 1, 3 or 5")
	} else if n.Replicas > 1 && n.URL == "" {
		l.fail(l.at("nats", "replicas"), "", "the embedded server is one server: want 1")
	}
	for _, d := range []struct {
		key   string
		value time.Duration
	}{{"events", n.Retention.Events}, {"results", n.Retention.Results}, {"dead_letters", n.Retention.DeadLetters}} {
		l.checkRange(d.value, time.Hour, 0, "nats", "retention", d.key)
	}
	l.checkAuthorities(n.TLS.CA, l.at("nats", "tls", "ca"))
	l.checkPair(n.TLS.Cert, n.TLS.Key, false, "nats", "tls", "cert", "key")
}

func (l *loader) checkNATSLogin(n *NATS) {
	var ways []string
	for _, w := range []struct {
		name string
		set  bool
	}{{"creds", n.Creds != ""}, {"user", n.User != ""}, {"token", n.Token.IsSet()}} {
		if w.set {
			ways = append(ways, w.name)
		}
	}
	if len(ways) > 1 {
		l.fail(l.at("nats", ways[1]), "", "give one of %s", strings.Join(ways, ", "))
	}
	if user := l.at("nats", "user"); (n.User != "") != n.Password.IsSet() && !user.bad && !l.at("nats", "password").bad {
		l.fail(user, "", "user and password belong together")
	}
}

// takeCredentials moves what stands in nats.url before an @ to where it is kept
// from sight.
func (l *loader) takeCredentials(n *NATS) {
	at := l.at("nats", "url")
	var urls []string
	var found *url.Userinfo
	for part := range strings.SplitSeq(n.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(part))
		if err != nil {
			return // reported with its form
		}
		if u.User != nil && found != nil && u.User.String() != found.String() {
			l.fail(at, "", "the URLs hold different credentials")
		}
		if u.User != nil {
			found, u.User = u.User, nil
		}
		urls = append(urls, u.String())
	}
	n.URL = strings.Join(urls, ",")
	if found == nil {
		return
	}
	if n.User != "" || n.Password.IsSet() || n.Token.IsSet() {
		l.fail(at, "", "the URL holds credentials, and user, password or token are set too")
		return
	}
	password, isPair := found.Password()
	if isPair {
		n.User, n.Password = found.Username(), secret.New(password)
	} else {
		n.Token = secret.New(found.Username())
	}
	if at.variable == "" && !variableForm.MatchString(at.text) {
		l.warn(at, "use nats.user with nats.password, or nats.token, by reference", "the URL holds a secret in plain text")
	}
}

func (l *loader) checkHTTP(h *HTTP) {
	names := make(map[string]bool)
	tokens := l.at("http", "tokens")
	for i, t := range h.Tokens {
		n := tokens.items[i]
		switch {
		case n.bad || n.kind != kindMap:
			continue
		case t.Name == "" && !l.placeIn(n, "name").bad:
			l.fail(l.placeIn(n, "name"), "", "name is missing")
		case names[t.Name]:
			l.fail(n.value("name"), "", "another token has the name %q", clip(t.Name))
		}
		names[t.Name] = true
		if t.Role == "" && !l.placeIn(n, "role").bad {
			l.fail(l.placeIn(n, "role"), "one of viewer, operator, admin", "role is missing")
		}
		if v := l.placeIn(n, "token"); t.Token.Reveal() == "" && !v.bad {
			l.fail(v, referenceHint, "token is missing")
		}
	}
	if !isLoopback(h.Listen) && len(h.Tokens) == 0 && !l.at("http", "listen").bad {
		l.fail(l.at("http", "listen"), "set http.tokens, or listen on 127.0.0.1", "others than this host could reach the control plane without a token")
	}
	if h.MetricsListen == h.Listen {
		l.fail(l.at("http", "metrics_listen"), "", "want another address than http.listen")
	}
	l.checkPair(h.TLS.Cert, h.TLS.Key, false, "http", "tls", "cert", "key")
}

// isLoopback reports whether only this host can reach an address.
func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func (l *loader) checkKibana(k *Kibana) {
	l.checkKibanaLogin(k)
	for i, f := range k.SSL.CertificateAuthorities {
		l.checkAuthorities(f, l.item(i, "kibana", "ssl", "certificateAuthorities"))
	}
	l.checkPair(k.SSL.Certificate, k.SSL.Key, k.SSL.KeyPassphrase.IsSet(), "kibana", "ssl", "certificate", "key")
	l.checkRange(k.ResponseTimeout, time.Millisecond, time.Hour, "kibana", "responseTimeout")
}

func (l *loader) checkKibanaLogin(k *Kibana) {
	at := func(key string) *node { return l.at("kibana", key) }
	basic := k.Username != "" || k.Password.IsSet()
	switch {
	case at("url").bad || at("api_key").bad || at("username").bad || at("password").bad:
	case k.URL == "" && (k.APIKey.IsSet() || basic):
		l.fail(at("url"), "", "url is missing: there are credentials and no Kibana")
	case k.APIKey.IsSet() && basic:
		l.fail(at("api_key"), "", "give api_key, or username and password")
	case basic && (k.Username == "" || !k.Password.IsSet()):
		l.fail(at("username"), "", "username and password belong together")
	case k.URL != "" && !k.APIKey.IsSet() && !basic:
		l.warn(at("url"), "set kibana.api_key", "no credentials: Kibana refuses that unless its security is off")
	}
}

// item returns one item of a list, or the list if it is one text.
func (l *loader) item(i int, keys ...string) *node {
	n := l.at(keys...)
	if i < len(n.items) {
		return n.items[i]
	}
	return n
}

func (l *loader) checkOutbound(o *Outbound) {
	for i, host := range o.AllowedHosts {
		n := l.item(i, "outbound", "allowedHosts")
		if strings.ContainsAny(host, "/:") && !strings.Contains(host, "::") || host != "*" && strings.Contains(host, "*") {
			l.warn(n, `a host name alone, such as "hms.atlassian.net", or "*" for any`, "%q matches no host: names are compared exactly", clip(host))
		}
	}
	if len(o.ProxyBypassHosts) > 0 && len(o.ProxyOnlyHosts) > 0 {
		l.warn(l.at("outbound", "proxyOnlyHosts"), "", "ignored, because proxyBypassHosts is set too")
	}
	l.checkRange(o.ResponseTimeout, time.Millisecond, time.Hour, "outbound", "responseTimeout")
	seen := make(map[string]bool)
	for i, h := range o.CustomHostSettings {
		n := l.item(i, "outbound", "customHostSettings")
		if n.bad {
			continue
		}
		if h.URL == "" {
			if !l.placeIn(n, "url").bad {
				l.fail(l.placeIn(n, "url"), "", "url is missing")
			}
			continue
		}
		if seen[h.URL] {
			l.warn(n.value("url"), "", "ignored: an earlier entry has the same URL")
		}
		seen[h.URL] = true
		l.checkCustomHost(h, n)
	}
}

func (l *loader) checkCustomHost(h CustomHost, n *node) {
	if strings.HasPrefix(strings.ToLower(h.URL), "http:") {
		l.warn(n.value("url"), "", "has no effect: these are TLS settings, and the URL is http")
	}
	ssl := n.value("ssl")
	for i, f := range h.SSL.CertificateAuthoritiesFiles {
		at := ssl.value("certificateAuthoritiesFiles")
		if i < len(at.items) {
			at = at.items[i]
		}
		l.checkAuthorities(f, at)
	}
	if data := h.SSL.CertificateAuthoritiesData; data != "" {
		l.checkAuthorities(File{Content: secret.New(data)}, ssl.value("certificateAuthoritiesData"))
	}
	if ssl != nil && h.SSL.Certificate.IsSet() != h.SSL.Key.IsSet() {
		l.fail(ssl, "", "certificate and key belong together")
	} else if ssl != nil && !h.SSL.KeyPassphrase.IsSet() {
		l.checkTogether(h.SSL.Certificate, h.SSL.Key, ssl)
	}
}

func (l *loader) checkWorker(w *Worker) {
	l.checkRange(w.Lease, 5*time.Second, 10*time.Minute, "worker", "lease")
	l.checkRange(w.DrainTimeout, 0, time.Hour, "worker", "drain_timeout")
	l.checkRange(w.MaxAttemptAge, time.Second, 0, "worker", "max_attempt_age")
	l.checkRange(w.RetryBase, time.Millisecond, time.Hour, "worker", "retry_base")
	l.checkRange(w.RetryCap, time.Millisecond, day, "worker", "retry_cap")
	if n := l.at("worker", "retry_base"); w.RetryBase > w.RetryCap && !n.bad {
		l.fail(n, "", "want at most retry_cap, which is %s", w.RetryCap)
	}
}

// checkResponseTimeout warns about a time-out that was asked for and that
// changing requests do not get: they end with the claim on their case. The
// default, which is Kibana's, is longer too, and means no more than itself.
func (l *loader) checkResponseTimeout(cfg *Config) {
	n := l.at("outbound", "responseTimeout")
	longest := cfg.Worker.Lease / 6 * 5 // what the pusher lends a request
	switch asked := cfg.Outbound.ResponseTimeout; {
	case n.bad || l.at("worker", "lease").bad:
	case asked > longest && asked != Defaults().Outbound.ResponseTimeout:
		l.warn(n, "raise worker.lease for a slow tracker", "a request that changes something ends after %s all the same, which is 5/6 of worker.lease", longest)
	}
}

// checkRange reports a duration out of its bounds; most 0 is no upper bound.
func (l *loader) checkRange(v, least, most time.Duration, keys ...string) {
	n := l.at(keys...)
	switch {
	case n.bad:
	case v < least:
		l.fail(n, "", "want at least %s, got %s", least, v)
	case most > 0 && v > most:
		l.fail(n, "", "want at most %s, got %s", most, v)
	}
}
