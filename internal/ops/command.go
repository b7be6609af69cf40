package ops

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/casepush/casepush/internal/event"
)

// ResolveCommand is the command line that resolves an entry, for a shell, and
// the flags to choose from.
func ResolveCommand(connectorID, space, caseID string) string {
	where := ""
	if space != "" && space != event.DefaultSpace {
		where = " --space-id " + shellWord(space)
	}
	return fmt.Sprintf("casepush resolve %s --connector %s%s, with --incident ID, --none, or --comment ID and --sent or --unsent",
		shellWord(caseID), shellWord(connectorID), where)
}

// shellWord quotes what a POSIX shell would not take as one word as it is. Ids
// come from outside, and what is shown here is pasted into shells.
func shellWord(s string) string {
	if plain := regexp.MustCompile(`^[A-Za-z0-9@%+=:,./_-]+$`); plain.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
