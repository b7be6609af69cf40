package ops_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/ops"
)

// Who raises the replicas of a stream that is read directly is told to turn that
// off in the same edit.
func TestAdviceOnReplicas(t *testing.T) {
	t.Parallel()
	server := goodServer()
	server.Streams[0].Replicas, server.Streams[0].WantReplicas, server.Streams[0].Direct = 1, 3, true
	if !slices.ContainsFunc(ops.ExamineNATS(server, goodMonitors()), func(f ops.Finding) bool {
		return f.Code == "NATS123" && strings.Contains(f.Fix, "--replicas 3 --no-allow-direct")
	}) {
		t.Errorf("%+v", ops.ExamineNATS(server, goodMonitors()))
	}
}
