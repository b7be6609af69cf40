package kibanaschema

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// hosts is what a type requires of the addresses in its config.
type hosts struct {
	keys   []string // in Kibana's order; a null is no address
	prefix string   // of the text, by the kind of the type
	// parse: what is no URL has a text of its own. It is parsed as it stands,
	// with its placeholders.
	parse bool
}

// Prefixes.
const (
	classicPrefix = "error configuring connector action: "
	urlPrefix     = "error validating url: " // of the sub-action framework
	webhookPrefix = "error configuring cases webhook action: "
)

// check returns Kibana's text for the first address that is not allowed, or "".
// Names of hosts are compared whole, in lower case.
func (h hosts) check(config map[string]any, allowed []string) string {
	for _, key := range h.keys {
		address, given := config[key].(string)
		if !given {
			continue
		}
		host, isURL := hostname(address)
		if h.parse && !isURL {
			return h.prefix + "unable to parse " + shown(address) + ": TypeError: Invalid URL"
		}
		if !isAllowed(host, allowed) {
			return h.prefix + `target url "` + shown(address) + `" is not added to the Kibana config xpack.actions.allowedHosts`
		}
	}
	return ""
}

func isAllowed(host string, allowed []string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool { return a == "*" || host != "" && strings.EqualFold(a, host) })
}

// shown is an address without user, query and fragment, which may be secret.
func shown(address string) string {
	address = trimmed(address)
	if i := strings.IndexAny(address, "?#"); i >= 0 {
		address = address[:i]
	}
	start := 0
	if i := strings.IndexByte(address, ':'); i >= 0 && isScheme(address[:i]) {
		start = i + 1
	}
	start = len(address) - len(strings.TrimLeft(address[start:], slashes))
	end := len(address)
	if i := strings.IndexAny(address[start:], slashes); i >= 0 {
		end = start + i
	}
	return address[:start] + address[start+strings.LastIndexByte(address[start:end], '@')+1:]
}

// slashes are all the same in the web's addresses.
const slashes = `/\`

// trimmed is an address without the white space that JavaScript's URL drops.
func trimmed(address string) string {
	address = strings.TrimFunc(address, func(r rune) bool { return r <= ' ' })
	return strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(address)
}

// hostname finds the host, in lower case, as JavaScript's URL does: braces are
// fine in every part, and net/url refuses them in hosts. isURL says that it is
// a URL at all; one of another scheme than the web's may have no host.
func hostname(address string) (host string, isURL bool) {
	scheme, rest, found := strings.Cut(trimmed(address), ":")
	if !found || !isScheme(scheme) {
		return "", false
	}
	web := slices.Contains([]string{"http", "https", "ws", "wss", "ftp"}, strings.ToLower(scheme))
	switch {
	case web:
		rest = strings.TrimLeft(rest, slashes)
	case strings.HasPrefix(rest, "//"):
		rest = rest[len("//"):]
	default:
		return "", true
	}
	if i := strings.IndexAny(rest, slashes+"?#"); i >= 0 {
		rest = rest[:i]
	}
	host, isURL = hostOf(rest[strings.LastIndexByte(rest, '@')+1:])
	return host, isURL && (host != "" || !web)
}

func isScheme(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", r)) {
			return false
		}
	}
	return s != ""
}

// hostOf takes a host and a port apart.
func hostOf(authority string) (string, bool) {
	if inner, bracket := strings.CutPrefix(authority, "["); bracket {
		address, port, closed := strings.Cut(inner, "]")
		ip, err := netip.ParseAddr(address)
		return strings.ToLower(address), closed && err == nil && ip.Is6() && ip.Zone() == "" && (port == "" || port[0] == ':' && isPort(port[1:]))
	}
	host, port, _ := strings.Cut(authority, ":")
	host, err := url.PathUnescape(host)
	forbidden := strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`#%/:<>?@[\]^|`, r) })
	return strings.ToLower(host), err == nil && !forbidden && isPort(port)
}

func isPort(s string) bool {
	if s == "" {
		return true
	}
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}
