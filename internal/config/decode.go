package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/secret"
)

// A field of a section has these tags:
//
//	key    its key in the file; ",inline" for a struct whose keys stand among its neighbours
//	oneof  the texts that it may be, separated by spaces
//	form   what a text has to look like: see [loader.checkForm]
//
// A field without a key is filled elsewhere.

// field is one key of a section.
type field struct {
	key   string
	tag   reflect.StructTag
	value reflect.Value
}

// fieldsOf returns the keys of a section, inlined ones too.
func fieldsOf(section reflect.Value) []field {
	var out []field
	for i := range section.NumField() {
		tag := section.Type().Field(i).Tag
		switch key := tag.Get("key"); key {
		case "":
		case ",inline":
			out = append(out, fieldsOf(section.Field(i))...)
		default:
			out = append(out, field{key: key, tag: tag, value: section.Field(i)})
		}
	}
	return out
}

// keysOf returns the names of a section's keys.
func keysOf(section any) []string {
	var keys []string
	for _, f := range fieldsOf(reflect.ValueOf(section)) {
		keys = append(keys, f.key)
	}
	return keys
}

// fileOnly are the sections that no Go struct describes.
var fileOnly = [...]string{"connectors", "delivery", "configurations"}

// sections reads what Go structs describe.
func (l *loader) sections(cfg *Config) {
	fields := fieldsOf(reflect.ValueOf(cfg).Elem())
	known := append(keysOf(*cfg), fileOnly[:]...)
	for _, e := range l.root.entries {
		switch f := fieldOf(fields, e.key); {
		case f != nil:
			l.decode(e.value, f.value, f.tag)
		case !slices.Contains(known, e.key):
			l.unknownKey(e, known)
		}
	}
}

func fieldOf(fields []field, key string) *field {
	for i := range fields {
		if fields[i].key == key {
			return &fields[i]
		}
	}
	return nil
}

// decode puts a value of the file into dst. null leaves the default.
func (l *loader) decode(n *node, dst reflect.Value, tag reflect.StructTag) {
	if n.kind == kindNull || n.bad {
		return
	}
	switch v := dst.Addr().Interface().(type) {
	case *secret.String:
		*v = l.decodeSecret(n, tag.Get("form"))
	case *File:
		*v = l.file(n)
	case *[]File:
		*v = l.files(n)
	case *map[string]secret.String:
		*v = l.secrets(n)
	case *[]string:
		*v = l.texts(n)
	case *time.Duration:
		l.decodeDuration(n, v, tag)
	case *Bytes:
		l.decodeBytes(n, v)
	case *int:
		l.decodeInt(n, v)
	case *float64:
		l.decodeFloat(n, v)
	case *string:
		l.decodeText(n, v, tag)
	default:
		if dst.Kind() == reflect.Slice {
			l.decodeList(n, dst)
			return
		}
		l.decodeStruct(n, dst)
	}
}

func (l *loader) decodeStruct(n *node, dst reflect.Value) {
	if !l.wantMap(n) {
		return
	}
	fields := fieldsOf(dst)
	for _, e := range n.entries {
		if f := fieldOf(fields, e.key); f != nil {
			l.decode(e.value, f.value, f.tag)
			continue
		}
		l.unknownKey(e, keysOf(dst.Interface()))
	}
}

func (l *loader) decodeList(n *node, dst reflect.Value) {
	if n.kind != kindList {
		l.wrongType(n, "a list")
		return
	}
	for _, item := range n.items {
		x := reflect.New(dst.Type().Elem()).Elem()
		l.decode(item, x, "")
		dst.Set(reflect.Append(dst, x))
	}
}

func (l *loader) decodeInt(n *node, dst *int) {
	if text, ok := l.numberText(n, kindInt); ok {
		if v, err := strconv.Atoi(text); err == nil && v >= 0 {
			*dst = v
			return
		}
	}
	l.wrongNumber(n, "a whole number, 0 or more")
}

func (l *loader) decodeFloat(n *node, dst *float64) {
	if text, ok := l.numberText(n, kindInt, kindFloat); ok {
		if v, err := strconv.ParseFloat(text, 64); err == nil && v >= 0 && v <= 1e9 {
			*dst = v
			return
		}
	}
	l.wrongNumber(n, "a number, 0 or more")
}

func (l *loader) wrongNumber(n *node, want string) {
	if n.bad || !n.isScalar() {
		l.wrongType(n, want)
		return
	}
	hint := ""
	if _, err := strconv.ParseFloat(n.text, 64); err == nil && n.kind == kindString && !n.loose {
		hint = "write it without quotes"
	}
	l.fail(n, hint, "want %s, got %s", want, l.shown(n))
}

// numberText returns the text of a number, from the environment too.
func (l *loader) numberText(n *node, kinds ...kind) (string, bool) {
	for _, k := range kinds {
		if n.kind == k {
			return n.text, true
		}
	}
	if n.kind != kindString {
		return "", false
	}
	text, fromEnv := l.expand(n)
	return text, fromEnv || n.loose
}

func (l *loader) decodeText(n *node, dst *string, tag reflect.StructTag) {
	text, ok := l.text(n)
	if !ok {
		return
	}
	if list := tag.Get("oneof"); list != "" {
		if words := strings.Fields(list); !slices.Contains(words, text) {
			l.fail(n, oneOf(text, words), "%s is not allowed here", l.shown(n))
			return
		}
	}
	if text, ok = l.checkForm(n, text, tag.Get("form")); ok {
		*dst = text
	}
}

// text returns a text with its environment variables filled in. ok is false
// after a problem.
func (l *loader) text(n *node) (text string, ok bool) {
	if n.kind != kindString {
		l.wrongType(n, "a text")
		return "", false
	}
	text, _ = l.expand(n)
	return text, !n.bad
}

// texts reads a list of texts; one text stands for a list of one, and from the
// environment commas separate several.
func (l *loader) texts(n *node) []string {
	if n.kind == kindString {
		text, ok := l.text(n)
		if !ok {
			return nil
		}
		if !n.loose {
			return []string{text}
		}
		var out []string
		for part := range strings.SplitSeq(text, ",") {
			out = append(out, strings.TrimSpace(part))
		}
		return out
	}
	if n.kind != kindList {
		l.wrongType(n, "a list of texts")
		return nil
	}
	out := []string{}
	for _, item := range n.items {
		if text, ok := l.text(item); ok {
			out = append(out, text)
		}
	}
	return out
}

// wantMap reports a value that is no block of keys.
func (l *loader) wantMap(n *node) bool {
	if n.kind != kindMap {
		l.wrongType(n, "a block of keys")
		return false
	}
	return true
}

// wrongType reports a value of the wrong kind. It never shows the value: what
// stands in a wrong place may be a secret.
func (l *loader) wrongType(n *node, want string) {
	if n.bad {
		return
	}
	hint := ""
	if want == "a text" && n.isScalar() {
		hint = "put it into quotes"
	}
	l.fail(n, hint, "want %s, got %s", want, n.kind)
}

// shown is how a problem repeats a value of the file: as it is written, so that
// what the environment filled in is not shown.
func (l *loader) shown(n *node) string {
	return fmt.Sprintf("%q", clip(n.text))
}
