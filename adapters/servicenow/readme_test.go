package servicenow

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/adaptertest"
	"github.com/casepush/casepush/internal/secret"
)

func TestReadmeKeys(t *testing.T) {
	t.Parallel()
	adaptertest.ReadReadme(t).CheckKeys(t, adaptertest.Keys{Config: configKeys, Secrets: secretKeys, Delivery: deliveryKeys})
}

func TestReadmeDefaults(t *testing.T) {
	t.Parallel()
	s, _ := parse(itsm(), valid(nil, nil, nil))
	if s.maxInFlight != 0 {
		t.Errorf("max_in_flight: %d, want 0, which is 16 (connector.Capabilities)", s.maxInFlight)
	}
	if s.duplicate != (closing{}) || !s.tableAPI || s.oauth != nil {
		t.Errorf("%+v: want no closing, the Table API and basic authentication", s)
	}
	want := map[string]string{
		"duplicate_state": "none", "duplicate_close_code": "none", "duplicate_close_notes": "none",
		"find_delay":            adaptertest.Written(s.findDelay),
		"settle_time":           adaptertest.Written(s.settleTime),
		"max_in_flight":         "16",
		"max_short_description": fmt.Sprint(s.maxShortDescription),
		"max_description":       fmt.Sprint(s.maxDescription),
		"max_comment":           fmt.Sprint(s.maxComment),
	}
	adaptertest.ReadReadme(t).CheckDefaults(t, want)
}

// The examples are definitions without a problem.
func TestReadmeExample(t *testing.T) {
	t.Parallel()
	examples := adaptertest.ReadReadme(t).Examples(t)
	secrets := map[string]string{"${SERVICENOW_KEY}": readFile(t, "pkcs8-encrypted.pem"), "${SERVICENOW_KEY_PASSWORD}": "canary-passphrase"}
	for _, typ := range []connector.Type{ITSM(), SecOps()} {
		def := examples[map[string]string{ITSMTypeID: "itsm", SecOpsTypeID: "secops"}[typ.ID]]
		for k, v := range def.Secrets {
			if real, ok := secrets[v.Reveal()]; ok {
				def.Secrets[k] = secret.New(real)
			}
		}
		if problems := typ.Check(def); problems != nil || def.Type != typ.ID {
			t.Errorf("type %q: %q, problems %v", typ.ID, def.Type, problems)
		}
	}
}

// The forbidden keys, and the order of a create's columns, are those that the
// README names.
func TestReadmeNames(t *testing.T) {
	t.Parallel()
	section := adaptertest.ReadReadme(t).Section(t, "What is sent")
	_, list, found := strings.Cut(section, "none of them ")
	list, _, _ = strings.Cut(list, ".")
	if diff := cmp.Diff(freeFields.Forbidden, adaptertest.Backquoted(list)); !found || diff != "" {
		t.Errorf("additional fields (-code +README.md):\n%s", diff)
	}
	_, list, found = strings.Cut(section, "{staging table}`: ")
	list, _, _ = strings.Cut(list, ", targets of the mapping")
	if diff := cmp.Diff(append(itsm().order(), secOps().own...), adaptertest.Backquoted(list)); !found || diff != "" {
		t.Errorf("columns (-code +README.md):\n%s", diff)
	}
}
