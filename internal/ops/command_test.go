package ops_test

import (
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

func TestResolveCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ connector, space, caseID, want string }{
		{"soc-jira", "default", "c-1", "casepush resolve c-1 --connector soc-jira, with "},
		{"soc-jira", "", "c-1", "casepush resolve c-1 --connector soc-jira, with "},
		{"soc-jira", "soc", "c-1", "casepush resolve c-1 --connector soc-jira --space-id soc, with "},
		{"SOC Jira; rm -r ~", "it's", "c-1", `casepush resolve c-1 --connector 'SOC Jira; rm -r ~' --space-id 'it'\''s', with `},
		{"", "default", "c-1", "casepush resolve c-1 --connector '', with "},
	} {
		if got := ops.ResolveCommand(tt.connector, tt.space, tt.caseID); !strings.HasPrefix(got, tt.want) {
			t.Errorf("got %q, want %q first", got, tt.want)
		}
	}
}

// A shell reads the ids as they are, whatever they are.
func TestResolveCommandInShell(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringOfN(rapid.RuneFrom([]rune("aZ0-_ '\"\\$`!;&|<>(){}*?~#\n\té")), 1, 12, -1).Draw(t, "id")
		command, _, _ := strings.Cut(ops.ResolveCommand(id, "default", "c-1"), ", with --incident")
		out, err := exec.Command(sh, "-c", `casepush() { printf %s "$4"; }; `+command).CombinedOutput()
		if err != nil || string(out) != id {
			t.Errorf("%s: the shell reads %q, want %q (%v)", command, out, id, err)
		}
	})
}

// What has to be resolved says how.
func TestMendSaysHowToResolve(t *testing.T) {
	t.Parallel()
	for _, reason := range []push.Reason{push.ReasonUncertain, push.ReasonIncidentMissing} {
		d := stream.StoredDeadLetter{DeadLetter: push.DeadLetter{ConnectorID: "SOC Jira", SpaceID: "soc", CaseID: "c-1", Reason: reason}}
		if got := ops.Mend(d); !strings.Contains(got, ops.ResolveCommand("SOC Jira", "soc", "c-1")) {
			t.Errorf("%s: %q", reason, got)
		}
	}
}
