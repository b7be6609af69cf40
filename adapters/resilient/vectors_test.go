package resilient_test

import (
	"flag"
	"testing"

	"github.com/casepush/casepush/adapters/resilient"
	"github.com/casepush/casepush/internal/connector/adaptertest"
)

var update = flag.Bool("update", false, "rewrite what the vectors expect")

func TestVectors(t *testing.T) {
	t.Parallel()
	adaptertest.Vectors{Type: resilient.Type(), Update: *update, Show: adaptertest.Whole()}.Run(t)
}
