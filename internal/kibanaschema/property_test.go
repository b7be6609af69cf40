package kibanaschema_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/kibanaschema"
)

// values draws any JSON value, at most depth levels deep.
func values(depth int) *rapid.Generator[any] {
	gens := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Float64().AsAny(),
		rapid.SampledFrom([]any{
			"x", "true", "FALSE", "https://h.example/x", "post", "put", "all", "{}", `{"a":"b"}`, `{"a":""}`, `[]`, "overwrite", "title",
			"webhook-authentication-ssl", "webhook-oauth2-client-credentials", " ", json.Number("1"),
		}),
		rapid.String().AsAny(),
	}
	if depth > 0 {
		gens = append(gens,
			rapid.SliceOfN(values(depth-1), 0, 3).AsAny(),
			rapid.MapOfN(rapid.SampledFrom([]string{"mapping", "source", "target", "actionType", "id", "caseIdConfig", "x"}), values(depth-1), 0, 3).AsAny(),
		)
	}
	return rapid.OneOf(gens...)
}

// noise changes values of keys that the type has, and adds others.
func noise(rt *rapid.T, label string, from m) m {
	keys := append(slices.Sorted(maps.Keys(from)), "unknown", "casesConfiguration", "incidentConfiguration", "isCaseOwned", "clientSecret", "headers", "secretHeaders", "hasAuth")
	changes := rapid.MapOfN(rapid.SampledFrom(keys), values(4), 0, 3).Draw(rt, label)
	out := edited(from, changes)
	if len(from) > 0 && rapid.Bool().Draw(rt, label+" less one") {
		delete(out, rapid.SampledFrom(slices.Sorted(maps.Keys(from))).Draw(rt, label+" without"))
	}
	return out
}

// again is the valid definition as a request.
func again(d kibanaschema.Definition, v kibanaschema.Valid) kibanaschema.Definition {
	d.Config, d.Secrets = v.Config, m{}
	for key, text := range revealed(v) {
		d.Secrets[key] = text
	}
	return d
}

// wantStable wants a definition that was accepted to be accepted again, and
// nothing to change by it.
func wantStable(t interface{ Fatalf(string, ...any) }, d kibanaschema.Definition) {
	v, err := kibanaschema.Validate(d, anywhere())
	if err != nil {
		if err.Error() == "" {
			t.Fatalf("an error without a text")
		}
		return
	}
	v2, err := kibanaschema.Validate(again(d, v), anywhere())
	if err != nil {
		t.Fatalf("accepted once: %v", err)
	}
	if diff := cmp.Diff(v.Config, v2.Config) + cmp.Diff(revealed(v), revealed(v2)); diff != "" || v2.Mapping != nil {
		t.Fatalf("changed: %s, mapping %v", diff, v2.Mapping)
	}
}

func TestValidStaysValid(t *testing.T) {
	all := kibanaschema.Types()
	rapid.Check(t, func(rt *rapid.T) {
		d := good(t, rapid.SampledFrom(all).Draw(rt, "type").ID)
		if d.TypeID == ".servicenow" && rapid.Bool().Draw(rt, "OAuth") {
			d = oauth(t)
		}
		full := again(d, accepted(t, d)) // with all keys that have defaults
		d.Config, d.Secrets = noise(rt, "config", full.Config), noise(rt, "secrets", full.Secrets)
		wantStable(rt, d)
	})
}

func FuzzValidate(f *testing.F) {
	for _, info := range kibanaschema.Types() {
		d := good(f, info.ID)
		config, _ := json.Marshal(d.Config)
		secrets, _ := json.Marshal(d.Secrets)
		f.Add(d.TypeID, config, secrets)
	}
	f.Fuzz(func(t *testing.T, typeID string, config, secrets []byte) {
		d := kibanaschema.Definition{Name: "n", TypeID: typeID}
		if json.Unmarshal(config, &d.Config) != nil || json.Unmarshal(secrets, &d.Secrets) != nil {
			return
		}
		wantStable(t, d)
	})
}
