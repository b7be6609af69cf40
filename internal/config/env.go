package config

import (
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/casepush/casepush/internal/secret"
)

const variablePrefix = "CASEPUSH_"

// variable is an environment variable that stands for a key of the file.
type variable struct {
	name  string // CASEPUSH_WORKER_LEASE
	path  string // worker.lease
	field field
}

// Variables returns the names of all environment variables that stand for a
// key of the file, in order.
func Variables() []string {
	var names []string
	for _, v := range variablesOf(reflect.ValueOf(Defaults()).Elem(), variablePrefix, "") {
		names = append(names, v.name)
	}
	slices.Sort(names)
	return names
}

func variablesOf(section reflect.Value, prefix, path string) []variable {
	var out []variable
	for _, f := range fieldsOf(section) {
		name, at := prefix+upperSnake(f.key), strings.TrimPrefix(path+"."+f.key, ".")
		switch {
		case isScalarField(f.value):
			out = append(out, variable{name: name, path: at, field: f})
		case f.value.Kind() == reflect.Struct:
			out = append(out, variablesOf(f.value, name+"_", at)...)
		}
	}
	return out
}

// isScalarField reports whether one text can stand for the whole value. Lists
// of texts and files are separated by commas.
func isScalarField(v reflect.Value) bool {
	switch v.Interface().(type) {
	case secret.String, File, []File, []string, time.Duration, Bytes:
		return true
	}
	return v.Kind() == reflect.String || v.Kind() == reflect.Int || v.Kind() == reflect.Float64
}

// upperSnake makes PROXY_URL of proxyUrl and METRICS_LISTEN of metrics_listen.
func upperSnake(key string) string {
	var b strings.Builder
	for i, r := range key {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

// environment lets variables win over the file. An empty one is not set.
func (l *loader) environment(cfg *Config) {
	for _, v := range variablesOf(reflect.ValueOf(cfg).Elem(), variablePrefix, "") {
		text := l.env[v.name]
		if text == "" {
			continue
		}
		n := &node{kind: kindString, text: text, loose: true, variable: v.name}
		l.overlay[v.path] = n
		l.decode(n, v.field.value, v.field.tag)
	}
}

// unknownVariables warns about variables that look as if they were ours. One
// that the file refers to may have any name.
func (l *loader) unknownVariables() {
	known := Variables()
	for _, name := range sortedKeys(l.env) {
		rest, ours := strings.CutPrefix(name, variablePrefix)
		if !ours || l.referred[name] || slices.Contains(known, name) {
			continue
		}
		section, _, _ := strings.Cut(rest, "_")
		n := &node{variable: name}
		switch section = strings.ToLower(section); {
		case slices.Contains(fileOnly[:], section):
			l.warn(n, "", "ignored: %s stand in the file alone", section)
		case slices.Contains(keysOf(Config{}), section):
			l.warn(n, didYouMean(name, known), "ignored: no such key")
		}
	}
}
