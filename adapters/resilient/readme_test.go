package resilient

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector/adaptertest"
)

func TestReadmeKeys(t *testing.T) {
	t.Parallel()
	adaptertest.ReadReadme(t).CheckKeys(t, adaptertest.Keys{Config: configKeys, Secrets: secretKeys, Delivery: deliveryKeys})
}

func TestReadmeDefaults(t *testing.T) {
	t.Parallel()
	s, _ := parse(valid(nil, nil, nil))
	if s.maxInFlight != 0 {
		t.Errorf("max_in_flight: %d, want 0, which is 16 (connector.Capabilities)", s.maxInFlight)
	}
	if s.correlationProperty != "" || s.duplicateResolution != 0 || s.maxName != 0 || s.maxText != 0 {
		t.Errorf("%+v: want none of correlation_property, duplicate_resolution, max_name, max_text", s)
	}
	want := map[string]string{
		"correlation_property": "none",
		"description_format":   fmt.Sprintf("`%s`", s.descriptionFormat),
		"duplicate_resolution": "none",
		"find_delay":           adaptertest.Written(s.findDelay),
		"settle_time":          adaptertest.Written(s.settleTime),
		"max_in_flight":        "16",
		"max_name":             "none",
		"max_text":             "none",
	}
	adaptertest.ReadReadme(t).CheckDefaults(t, want)
}

// The example is a definition without a problem.
func TestReadmeExample(t *testing.T) {
	t.Parallel()
	def := adaptertest.ReadReadme(t).Example(t)
	if problems := check(def); problems != nil || def.Type != TypeID {
		t.Errorf("type %q, problems %v", def.Type, problems)
	}
}

// The forbidden keys are those that the README names.
func TestReadmeForbiddenKeys(t *testing.T) {
	t.Parallel()
	text := adaptertest.ReadReadme(t).Section(t, "What is sent")
	_, list, found := strings.Cut(text, "none of them ")
	list, _, _ = strings.Cut(list, ")")
	if diff := cmp.Diff(freeFields.Forbidden, adaptertest.Backquoted(list)); !found || diff != "" {
		t.Errorf("(-code +README.md):\n%s", diff)
	}
}
