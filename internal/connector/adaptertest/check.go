package adaptertest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
)

// canary is in every secret of a test's definition: it must never show.
const canary = "canary"

// CheckDefinition compares what the type says of a definition: want are the
// beginnings of "path: message", those of warnings after "(warning) ". New and
// TLS must agree.
func CheckDefinition(t *testing.T, typ connector.Type, def connector.Definition, want []string) {
	t.Helper()
	var got []string
	bad := false
	for i, p := range typ.Check(def) {
		text := strings.Join(p.Path, ".") + ": " + p.Message
		if p.Warning {
			text = "(warning) " + text
		}
		if strings.Contains(text, canary) {
			t.Errorf("%q shows a secret or an address", text)
		}
		if i < len(want) && strings.HasPrefix(text, want[i]) {
			text = want[i]
		}
		got = append(got, text)
		bad = bad || !p.Warning
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := typ.New(def, connector.Dependencies{HTTP: http.DefaultClient}); (err != nil) != bad {
		t.Errorf("New: %v, with problems %v", err, got)
	}
	if typ.TLS == nil {
		return
	}
	if _, err := typ.TLS(def); (err != nil) != bad {
		t.Errorf("TLS: %v, with problems %v", err, got)
	}
}

// Capabilities are those of a connector that is made of the definition.
func Capabilities(t *testing.T, typ connector.Type, def connector.Definition) connector.Capabilities {
	t.Helper()
	c, err := typ.New(def, connector.Dependencies{HTTP: http.DefaultClient})
	if err != nil {
		t.Fatal(err)
	}
	return c.Capabilities()
}
