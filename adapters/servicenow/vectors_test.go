package servicenow_test

import (
	"flag"
	"testing"

	"github.com/casepush/casepush/adapters/servicenow"
	"github.com/casepush/casepush/internal/connector/adaptertest"
)

var update = flag.Bool("update", false, "rewrite what the vectors expect")

func TestVectors(t *testing.T) {
	t.Parallel()
	adaptertest.Vectors{Type: servicenow.ITSM(), Update: *update, Show: adaptertest.Parts}.Run(t)
	adaptertest.Vectors{Type: servicenow.SecOps(), Update: *update, Show: adaptertest.Parts}.Run(t)
}
