package secret_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"github.com/goccy/go-yaml"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/secret"
)

// The ways in which a secret is held. Fields that are not exported are the
// hard case: printers do not call methods on them.
type (
	exported   struct{ S secret.String }
	unexported struct{ s secret.String }
	pointing   struct{ s *secret.String }
	deep       struct {
		a struct{ list []secret.String }
		m map[string]any
		i any
	}
)

// holders wraps s in everything that programs wrap values in.
func holders(s secret.String) map[string]any {
	return map[string]any{
		"value": s, "pointer": &s, "exported field": exported{s}, "pointer to exported": &exported{s},
		"unexported field": unexported{s}, "pointer to unexported": &unexported{s}, "unexported pointer": pointing{&s},
		"list": []secret.String{s}, "list of pointers": []*secret.String{&s}, "map": map[string]secret.String{"k": s},
		"map key": map[secret.String]int{s: 1}, "interface": []any{s, &s},
		"deep":  deep{a: struct{ list []secret.String }{[]secret.String{s}}, m: map[string]any{"k": s, "u": unexported{s}}, i: &unexported{s}},
		"error": fmt.Errorf("cause %v: %w", s, errors.New("x")),
	}
}

// renderings prints v in every way.
func renderings(t interface{ Fatalf(string, ...any) }, v any) map[string]string {
	out := map[string]string{}
	for _, verb := range "vTtbcdoOqxXUeEfFgGspwz" {
		for _, flags := range []string{"", "+", "#", "-20", "020", ".3", "# x", " "} {
			out["%"+flags+string(verb)] = fmt.Sprintf("%"+flags+string(verb), v)
		}
	}
	out["Sprint"], out["Sprintln"] = fmt.Sprint(v), fmt.Sprintln(v)
	if b, err := json.Marshal(v); err == nil {
		out["JSON"] = string(b)
	}
	if b, err := yaml.Marshal(v); err == nil {
		out["YAML"] = string(b)
	}
	if b, err := xml.Marshal(v); err == nil {
		out["XML"] = string(b)
	}
	var b bytes.Buffer
	if err := template.Must(template.New("").Parse(`{{.}} {{printf "%#v" .}}`)).Execute(&b, v); err != nil {
		t.Fatalf("template: %v", err)
	}
	out["template"] = b.String()
	for name, handler := range map[string]slog.Handler{"slog text": slog.NewTextHandler(&b, nil), "slog JSON": slog.NewJSONHandler(&b, nil)} {
		b.Reset()
		slog.New(handler).Info("m", "v", v)
		out[name] = b.String()
	}
	logs(out, v)
	return out
}

// logs adds zap's renderings.
func logs(out map[string]string, v any) {
	cfg := zap.NewProductionEncoderConfig()
	for name, enc := range map[string]zapcore.Encoder{"JSON": zapcore.NewJSONEncoder(cfg), "console": zapcore.NewConsoleEncoder(cfg)} {
		var b bytes.Buffer
		log := zap.New(zapcore.NewCore(enc, zapcore.AddSync(&b), zap.DebugLevel))
		log.Info("m", zap.Any("any", v), zap.Reflect("reflect", v))
		log.Sugar().Infow("m", "sugar", v)
		log.Sugar().Infof("%v %+v %#v", v, v, v)
		if s, ok := v.(fmt.Stringer); ok {
			log.Info("m", zap.Stringer("stringer", s))
		}
		out["zap "+name] = b.String()
	}
}

const canary = "canary-s3cr3t-0123456789"

func TestNothingShows(t *testing.T) {
	for how, v := range holders(secret.New(canary)) {
		for as, text := range renderings(t, v) {
			if strings.Contains(strings.ToLower(text), canary) || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", canary)) {
				t.Errorf("%s, printed as %s: %s", how, as, text)
			}
		}
	}
}

// TestNothingShowsProperty draws the secret; it has a mark that no printer
// makes by itself.
func TestNothingShowsProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := "§" + rapid.StringN(4, 40, -1).Draw(t, "text") + "§"
		s := secret.New(text)
		for _, v := range []any{s, &s, exported{s}, unexported{s}, []secret.String{s}} {
			for as, got := range renderings(t, v) {
				if strings.Contains(got, text) {
					t.Fatalf("%T as %s: %s", v, as, got)
				}
			}
		}
	})
}

// TestRedactedStands: where a printer asks the value itself, it says so.
func TestRedactedStands(t *testing.T) {
	s := secret.New(canary)
	for as, got := range renderings(t, s) {
		if strings.HasPrefix(as, "%") && strings.ContainsAny(as[len(as)-1:], "Tpw") {
			continue // type and address, which fmt prints by itself: never the text
		}
		if !strings.Contains(got, secret.Redacted) {
			t.Errorf("as %s: %q", as, got)
		}
	}
	b, err := json.Marshal(map[string]any{"a": s, "b": &s, "c": exported{s}})
	if want := `{"a":"[redacted]","b":"[redacted]","c":{"S":"[redacted]"}}`; err != nil || string(b) != want {
		t.Errorf("JSON %s, error %v, want %s", b, err, want)
	}
	y, err := yaml.Marshal(struct {
		Token secret.String `yaml:"token"`
	}{s})
	if err != nil || !strings.Contains(string(y), "redacted") {
		t.Errorf("YAML %q, error %v", y, err)
	}
}

func TestReveal(t *testing.T) {
	var none secret.String
	empty, set := secret.New(""), secret.New(canary)
	if none.Reveal() != "" || empty.Reveal() != "" || set.Reveal() != canary {
		t.Errorf("Reveal: %q, %q, %q", none.Reveal(), empty.Reveal(), set.Reveal())
	}
	if none.IsSet() || !empty.IsSet() || !set.IsSet() {
		t.Error("IsSet: not set, set and empty, set")
	}
	if none.String() != secret.Redacted || fmt.Sprint(none) != secret.Redacted {
		t.Error("what is not set shows that it is not set")
	}
}

func TestEqual(t *testing.T) {
	var none secret.String
	for _, tt := range []struct {
		a, b secret.String
		want bool
	}{
		{none, none, true},
		{none, secret.New(""), false},
		{secret.New(""), secret.New(""), true},
		{secret.New("a"), secret.New("a"), true},
		{secret.New("a"), secret.New("b"), false},
		{secret.New("a"), secret.New("aa"), false},
	} {
		if tt.a.Equal(tt.b) != tt.want || tt.b.Equal(tt.a) != tt.want {
			t.Errorf("%q and %q: want %t", tt.a.Reveal(), tt.b.Reveal(), tt.want)
		}
	}
}
