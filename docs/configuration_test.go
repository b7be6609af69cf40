package docs_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/config"
)

// row is a key of a section with its variable and default.
type row struct{ key, variable, preset string }

var keyRow = regexp.MustCompile("(?m)^\\| `([a-z]+(?:\\.[A-Za-z_]+)+)` \\| (?:`(CASEPUSH_[A-Z_]+)`)? ?\\| (?:`([^`]+)`|–) \\|")

func rows(t *testing.T) []row {
	t.Helper()
	var out []row
	for _, m := range keyRow.FindAllStringSubmatch(read(t, "configuration.md"), -1) {
		out = append(out, row{m[1], m[2], m[3]})
	}
	if len(out) < 40 {
		t.Fatalf("%d rows", len(out))
	}
	return out
}

// Every variable of the program is in the document, and no other.
func TestVariables(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, r := range rows(t) {
		if r.variable != "" {
			listed = append(listed, r.variable)
		}
	}
	slices.Sort(listed)
	for _, v := range config.Variables() {
		if !slices.Contains(listed, v) {
			t.Errorf("%s is not documented", v)
		}
	}
	for i, v := range listed {
		if !slices.Contains(config.Variables(), v) || i > 0 && listed[i-1] == v {
			t.Errorf("%s is documented, and is no variable or is there twice", v)
		}
	}
}

// Every key of every section is in the document, and no other; each variable
// stands beside its own key.
func TestKeys(t *testing.T) {
	t.Parallel()
	have := keys(reflect.ValueOf(config.Defaults()).Elem(), "")
	seen := map[string]bool{}
	for _, r := range rows(t) {
		if _, ok := have[r.key]; !ok {
			t.Errorf("%s is documented and is no key", r.key)
		}
		seen[r.key] = true
		flat := strings.ToUpper(strings.NewReplacer(".", "", "_", "").Replace(r.key))
		if r.variable != "" && strings.ReplaceAll(r.variable, "_", "") != "CASEPUSH"+flat {
			t.Errorf("%s stands beside %s", r.variable, r.key)
		}
	}
	for key := range have {
		if !seen[key] {
			t.Errorf("%s is not documented", key)
		}
	}
}

// keys are all keys of a section with their values; a list or block of the
// file is one key.
func keys(section reflect.Value, prefix string) map[string]reflect.Value {
	out := map[string]reflect.Value{}
	for i := range section.NumField() {
		key, options, _ := strings.Cut(section.Type().Field(i).Tag.Get("key"), ",")
		value := section.Field(i)
		at := strings.TrimPrefix(prefix+"."+key, ".")
		inner := map[string]reflect.Value{}
		switch {
		case options == "inline":
			inner = keys(value, prefix)
		case key == "":
			continue // connectors and so on, which have tables of their own
		case value.Kind() == reflect.Struct && hasKeys(value.Type()):
			inner = keys(value, at)
		default:
			inner[at] = value
		}
		for k, v := range inner {
			out[k] = v
		}
	}
	return out
}

func hasKeys(t reflect.Type) bool {
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("key") != "" {
			return true
		}
	}
	return false
}

// The defaults in the document are those of the program: set as variables they
// change nothing, and where a dash stands the default is nothing.
func TestDefaults(t *testing.T) {
	t.Parallel()
	values := keys(reflect.ValueOf(config.Defaults()).Elem(), "")
	var environ []string
	for _, r := range rows(t) {
		if r.preset != "" {
			environ = append(environ, r.variable+"="+r.preset)
		} else if v, ok := values[r.key]; ok && !v.IsZero() {
			t.Errorf("%s is documented without a default, which is %v", r.key, v)
		}
	}
	got, problems := config.Parse("", nil, config.Options{Types: adapters.Types(), Environ: environ})
	if len(problems) > 0 {
		t.Error(problems)
	}
	if want := config.Defaults(); !reflect.DeepEqual(got, want) {
		t.Errorf("with the documented defaults: %+v\nthe program's: %+v", got, want)
	}
	for _, r := range rows(t) {
		// Whether a default is there at all: another value would be seen.
		if v := values[r.key]; r.preset != "" && v.IsValid() && v.IsZero() {
			t.Errorf("%s is documented with default %q, and has none", r.key, r.preset)
		}
	}
}

// The tables of connectors, delivery and configurations have the keys that the
// program knows.
func TestTablesOfLists(t *testing.T) {
	t.Parallel()
	text := read(t, "configuration.md")
	delivery := reflect.TypeFor[config.Delivery]()
	var want []string
	for i := range delivery.NumField() {
		if key := delivery.Field(i).Tag.Get("key"); key != "" {
			want = append(want, key)
		}
	}
	for _, s := range []struct {
		section string
		want    []string
	}{
		{"connectors", []string{"actionTypeId", "name", "config", "secrets"}},
		{"delivery", want},
		{"configurations", []string{"owner", "space_id", "closure_type", "connector", "mappings"}},
	} {
		_, section, _ := strings.Cut(text, "\n## "+s.section+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		if got := keysOfTable(section); !slices.Equal(got, s.want) {
			t.Errorf("%s: documented %q, want %q", s.section, got, s.want)
		}
	}
}

// The key of every connector type is in the document.
func TestTypes(t *testing.T) {
	t.Parallel()
	text := read(t, "configuration.md")
	for _, typ := range adapters.Types() {
		if !strings.Contains(text, "`"+typ.ID+"`") {
			t.Errorf("connector type %q is not documented", typ.ID)
		}
	}
}
