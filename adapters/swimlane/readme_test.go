package swimlane

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/adaptertest"
	"github.com/casepush/casepush/internal/connector/wire"
)

func TestReadmeKeys(t *testing.T) {
	t.Parallel()
	readme := adaptertest.ReadReadme(t)
	readme.CheckKeys(t, adaptertest.Keys{Config: configKeys, Secrets: secretKeys, Delivery: deliveryKeys})
	rows := readme.Rows(t, "Configuration")
	for _, k := range mappingKeys() {
		if !strings.Contains(rows["config.mappings"][0], "`"+k.key+"`") {
			t.Errorf("README.md does not name mappings.%s", k.key)
		}
	}
}

func TestReadmeDefaults(t *testing.T) {
	t.Parallel()
	s, _ := parse(valid(nil, nil))
	if s.maxInFlight != 0 || s.maxTitle != 0 || s.maxText != 0 {
		t.Errorf("%+v: want max_in_flight 0, which is 16 (connector.Capabilities), and no max_title and max_text", s)
	}
	if s.api != "https://swimlane.hms.example/api" || s.browseURL != "https://swimlane.hms.example" {
		t.Errorf("API %q, links %q", s.api, s.browseURL)
	}
	want := map[string]string{
		"api_prefix": "`/api`", "browse_url": "`config.apiUrl`", "find_delay": adaptertest.Written(s.findDelay), "settle_time": adaptertest.Written(s.settleTime),
		"max_in_flight": "16", "max_title": "none", "max_text": "none",
	}
	readme := adaptertest.ReadReadme(t)
	readme.CheckDefaults(t, want)
	if total := s.findDelay + s.settleTime; !strings.Contains(readme.Section(t, "When an answer is lost"), fmt.Sprintf("(%d s by default)", int(total.Seconds()))) {
		t.Errorf("a lost answer is looked up after %v: README.md says something else", total)
	}
}

// The example is a definition without a problem.
func TestReadmeExample(t *testing.T) {
	t.Parallel()
	def := adaptertest.ReadReadme(t).Example(t)
	if problems := check(def); problems != nil || def.Type != TypeID {
		t.Errorf("type %q, problems %v", def.Type, problems)
	}
}

// Each code that README.md says something of becomes what it says.
func TestReadmeCodes(t *testing.T) {
	t.Parallel()
	type verdict struct {
		kind   connector.Kind
		effect connector.Effect
	}
	want := map[string]verdict{ // by the first code of a row
		"3002": {connector.NotFound, connector.NotApplied},
		"5009": {connector.Transient, connector.NotApplied},
		"5004": {connector.Transient, connector.EffectUnknown},
		"1000": {connector.Unauthenticated, connector.NotApplied},
	}
	for _, row := range regexp.MustCompile(`(?m)^\| 400 with [^|]*`).FindAllString(adaptertest.ReadReadme(t).Section(t, "Refusals"), -1) {
		codes := regexp.MustCompile(`\b\d{4}\b`).FindAllString(row, -1)
		if len(codes) == 0 {
			t.Fatalf("row %q names no code", row)
		}
		says, known := want[codes[0]]
		delete(want, codes[0])
		for _, word := range codes {
			code, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			e := judge(&connector.Error{Status: 400, Kind: connector.Rejected, Effect: connector.NotApplied, Err: wire.KibanaError("x")}, &refusal{code: code}, call{})
			if got := (verdict{e.Kind, e.Effect}); !known || got != says {
				t.Errorf("code %d: %s, effect %s; README.md says %s, %s", code, got.kind, got.effect, says.kind, says.effect)
			}
		}
	}
	if len(want) != 0 {
		t.Errorf("README.md has no rows for %v", slices.Sorted(maps.Keys(want)))
	}
}
