package wire

import (
	"fmt"
	"slices"
	"strings"
)

// KibanaError has Kibana's words, which people search for.
type KibanaError string

// Error returns them unchanged.
func (e KibanaError) Error() string { return string(e) }

// FreeFields are the tracker's own fields, which a person adds to an incident
// under one key of the case's connector fields. Kibana has them for several
// connector types, under several names.
type FreeFields struct {
	Key       string   // "otherFields"
	Most      int      // keys
	Forbidden []string // keys that have a place of their own
}

// Parse reads and judges free fields: JSON text as Kibana stores it, or the
// object itself. Errors have Kibana's words where it has any.
func (f FreeFields) Parse(v any) (*Object, error) {
	var o *Object
	var err error
	switch v := v.(type) {
	case string:
		o, err = ParseObject([]byte(v))
	case map[string]any:
		o, err = SortedObject(v)
	default:
		err = fmt.Errorf("want JSON text, got %T", v)
	}
	if err == nil {
		err = f.check(o.Keys())
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

func (f FreeFields) check(keys []string) error {
	if len(keys) > f.Most {
		return KibanaError(fmt.Sprintf("A maximum of %d fields in %s can be defined at a time.", f.Most, f.Key))
	}
	bad := slices.DeleteFunc(keys, func(k string) bool { return !slices.Contains(f.Forbidden, k) })
	if len(bad) > 0 {
		return KibanaError(fmt.Sprintf("The following properties cannot be defined inside %s: %s.", f.Key, strings.Join(bad, ", ")))
	}
	return nil
}
