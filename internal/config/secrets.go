package config

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/secret"
)

const (
	// credentialsDirectory is where systemd puts what LoadCredential= names.
	credentialsDirectory = "CREDENTIALS_DIRECTORY"
	// maxSecretBytes bounds a file that holds a secret or certificates.
	maxSecretBytes = 1 << 20
	referenceHint  = "use {env: NAME}, {file: PATH}, {credential: NAME} or ${NAME}"
)

var variableForm = regexp.MustCompile(`\$\{(\w+)(?::([^{}]*))?\}`)

// expand fills in ${NAME} and ${NAME:default} as Kibana does in its files.
// filled says that at least one variable of the environment was filled in. A
// variable that is not set and has no default is a problem.
func (l *loader) expand(n *node) (text string, filled bool) {
	if n.variable != "" {
		return n.text, true
	}
	text = variableForm.ReplaceAllStringFunc(n.text, func(match string) string {
		m := variableForm.FindStringSubmatch(match)
		l.referred[m[1]] = true
		if v, ok := l.env[m[1]]; ok {
			filled = true
			return v
		}
		if strings.Contains(match, ":") {
			return m[2]
		}
		if !n.bad {
			l.fail(n, "", "the environment variable %s is not set", clip(m[1]))
		}
		return ""
	})
	return text, filled
}

var referenceKeys = [...]string{"env", "file", "credential"}

// isReference reports whether a block is a reference: one key, and that one of
// env, file, credential.
func isReference(n *node) bool {
	if n.kind != kindMap || len(n.entries) != 1 {
		return false
	}
	e := n.entries[0]
	return slices.Contains(referenceKeys[:], e.key) && e.value.kind == kindString
}

// decodeSecret reads a secret of a section. Form "http" is a URL that may hold
// credentials; without any it is no secret.
func (l *loader) decodeSecret(n *node, form string) secret.String {
	s, plain := l.secret(n)
	if n.bad {
		return secret.String{}
	}
	if form == "http" {
		if why := wrongURL(s.Reveal(), "http", "https"); why != "" {
			l.fail(n, `such as "http://proxy.example:3128"`, "%s", why)
			return secret.String{}
		}
		plain = plain && strings.Contains(s.Reveal(), "@")
	}
	if plain {
		l.warnPlain(n)
	}
	return s
}

func (l *loader) warnPlain(n *node) {
	l.warn(n, referenceHint, "the secret stands here in plain text")
}

// secret reads a text or a reference. plain says that the text itself stands in
// the file.
func (l *loader) secret(n *node) (s secret.String, plain bool) {
	switch {
	case n.bad: // reported
	case n.kind == kindString:
		text, filled := l.expand(n)
		return secret.New(text), !filled && text != ""
	case isReference(n):
		text, ok := l.resolve(n)
		if !ok {
			return secret.String{}, false
		}
		return secret.New(text), false
	case n.kind == kindMap:
		l.wrongReference(n)
	default:
		hint := referenceHint
		if n.isScalar() {
			hint = "put it into quotes, or " + referenceHint
		}
		l.fail(n, hint, "want a secret, got %s", n.kind)
	}
	return secret.String{}, false
}

func (l *loader) wrongReference(n *node) {
	for _, e := range n.entries {
		if !slices.Contains(referenceKeys[:], e.key) {
			n.bad = true
			l.unknownKey(e, referenceKeys[:])
			return
		}
	}
	l.fail(n, referenceHint, "want a reference of one key that is a text")
}

// resolve gets what a reference refers to. Problems name the reference and
// never what it holds.
func (l *loader) resolve(n *node) (string, bool) {
	e := n.entries[0]
	name, _ := l.expand(e.value)
	if e.value.bad {
		n.bad = true
		return "", false
	}
	var text, why string
	switch e.key {
	case "env":
		text, why = l.fromEnv(name)
	case "file":
		text, why = l.fromFile(l.pathOf(name))
	case "credential":
		text, why = l.fromCredential(name)
	}
	if why == "" && text == "" {
		why = fmt.Sprintf("%s %q is empty", e.key, clip(name))
	}
	if why != "" {
		l.fail(n, "", "%s", why)
		return "", false
	}
	return text, true
}

func (l *loader) fromEnv(name string) (text, why string) {
	l.referred[name] = true
	text, ok := l.env[name]
	if !ok {
		return "", fmt.Sprintf("the environment variable %s is not set", clip(name))
	}
	return oneLineEndLess(text), ""
}

// oneLineEndLess drops the line end that editors, echo and Kubernetes put
// behind a secret.
func oneLineEndLess(text string) string {
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
}

// fromFile reads a file and drops one line end at its end.
func (l *loader) fromFile(path string) (text, why string) {
	data, err := l.readFile(path)
	if err != nil {
		return "", fmt.Sprintf("file %q cannot be read: %s", path, reason(err))
	}
	if len(data) > maxSecretBytes {
		return "", fmt.Sprintf("file %q has %d bytes, want at most %d", path, len(data), maxSecretBytes)
	}
	return oneLineEndLess(string(data)), ""
}

func (l *loader) fromCredential(name string) (text, why string) {
	dir, ok := l.env[credentialsDirectory]
	switch {
	case name == "" || name != filepath.Base(name) || name == "." || name == "..":
		return "", fmt.Sprintf("credential %q: want a name without slashes", clip(name))
	case !ok || dir == "":
		return "", fmt.Sprintf("credential %q: %s is not set: systemd sets it for LoadCredential=", clip(name), credentialsDirectory)
	}
	text, why = l.fromFile(filepath.Join(dir, name))
	if why != "" {
		return "", fmt.Sprintf("credential %q: %s", clip(name), why)
	}
	return text, ""
}

// secrets reads a block of secrets, such as headers.
func (l *loader) secrets(n *node) map[string]secret.String {
	if !l.wantMap(n) {
		return nil
	}
	out := make(map[string]secret.String, len(n.entries))
	for _, e := range n.entries {
		if e.value.kind == kindNull {
			continue
		}
		out[e.key] = l.decodeSecret(e.value, "")
	}
	return out
}
