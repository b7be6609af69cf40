package swimlane

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// selectionType tells the .NET server what to make of the object; it has to
// stand first in it.
const selectionType = "Core.Models.Record.ValueSelection, Core"

// selection is a chosen value of a valuesList.
type selection struct {
	Type  string `json:"$type"`
	ID    string `json:"id"`
	Value string `json:"value"`
}

// value is an incident's value as the field takes it; nil removes it.
func value(app *application, to mappedField, v any) (any, error) {
	if empty(v) {
		return nil, nil
	}
	texts, err := fieldTexts(v)
	if err != nil {
		return nil, err
	}
	at, there := app.field(to.id)
	switch to.fieldType {
	case typeNumeric:
		return number(strings.Join(texts, ", ")), nil
	case typeValuesList:
		if !there {
			return nil, fmt.Errorf("the application has no field %q", to.id)
		}
		return selected(at, texts)
	}
	text := strings.Join(texts, ", ")
	if there && at.rich() {
		text = escapeHTML(text)
	}
	return text, nil
}

// fieldTexts is a field's value as texts: one, or those of a list.
func fieldTexts(v any) ([]string, error) {
	if text, err := wire.Text(v); err == nil {
		return []string{text}, nil
	}
	return wire.Texts(v)
}

// number is what Kibana makes of a text for a numeric field: what is no
// decimal number becomes 0.
func number(text string) float64 {
	text = strings.TrimSpace(text)
	if strings.Trim(text, "0123456789+-.eE") != "" { // Go knows more ways to write one
		return 0
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(n, 0) { // JSON has no Infinity
		return 0
	}
	return n
}

// selected is what a valuesList takes: one value, or a list where several can
// be chosen.
func selected(at appField, names []string) (any, error) {
	out := make([]selection, 0, len(names))
	for _, name := range names {
		v, ok := at.value(name)
		if !ok {
			return nil, &unknownValueError{field: at, value: name}
		}
		out = append(out, selection{Type: selectionType, ID: v.ID, Value: v.Name})
	}
	switch {
	case at.SelectionType == "multi":
		return out, nil
	case len(out) != 1:
		return nil, fmt.Errorf("field %q of the application takes one value, got %d", at.Name, len(out))
	}
	return out[0], nil
}

// value returns the value of this name, else the one that differs in case only.
func (f appField) value(name string) (listValue, bool) {
	for _, same := range []func(string) bool{
		func(s string) bool { return s == name },
		func(s string) bool { return strings.EqualFold(s, name) },
	} {
		if i := slices.IndexFunc(f.Values, func(v listValue) bool { return same(v.Name) }); i >= 0 {
			return f.Values[i], true
		}
	}
	return listValue{}, false
}

const (
	maxNamedValues = 20
	maxValueRunes  = 60
)

// unknownValueError is a value that a valuesList does not have.
type unknownValueError struct {
	field appField
	value string
}

// Error names the value and those that the field has.
func (e *unknownValueError) Error() string {
	short := func(s string) string {
		head, rest := connector.Limit{Max: maxValueRunes, Unit: connector.Runes}.Cut(s)
		if rest != "" {
			head += "…"
		}
		return strconv.Quote(head)
	}
	var names []string
	for _, v := range e.field.Values[:min(maxNamedValues, len(e.field.Values))] {
		names = append(names, short(v.Name))
	}
	more := ""
	if n := len(e.field.Values) - len(names); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("%s is no value of %s; it has %s%s", short(e.value), short(e.field.Name), strings.Join(names, ", "), more)
}
