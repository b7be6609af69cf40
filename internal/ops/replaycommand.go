package ops

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/push"
)

// ResumeCommand is the command line, for a shell, that queues the replay's jobs
// after the first n ones and none of those, with more words at its end.
func (r *Replay) ResumeCommand(n int, f ReplayFilter, more ...string) string {
	from, to := r.Rest(n)
	words := []string{"casepush", "replay", "--from-seq", strconv.FormatUint(from, 10), "--to-seq", strconv.FormatUint(to, 10)}
	for _, flag := range [][2]string{{"--case", f.Case}, {"--space-id", f.Space}, {"--connector", f.Connector}, {"--to", f.To}} {
		if flag[1] != "" {
			words = append(words, flag[:]...)
		}
	}
	words = append(words, more...)
	for i := range words {
		words[i] = shellWord(words[i])
	}
	return strings.Join(words, " ")
}

// CheckConnector says why nothing can be pushed to a connector: the error wraps
// push.ErrConnectorNotFound or push.ErrUnsupportedType. What may pass is none.
func (o *Ops) CheckConnector(ctx context.Context, id string) error {
	_, err := o.connectors.Target(ctx, id)
	if errors.Is(err, push.ErrConnectorNotFound) || errors.Is(err, push.ErrUnsupportedType) {
		return err
	}
	return nil
}

// maxNewer bounds how many events newer than a replayed one are looked at.
const maxNewer = 64

// NewestEvent is the newest event of the job's case that can be read, from the
// job's own on.
func (o *Ops) NewestEvent(ctx context.Context, j push.Job) (event.Event, error) {
	mails, _, err := o.conn.Events(ctx, j.Space, j.Case, j.Seq-1, maxNewer)
	if err != nil {
		return event.Event{}, err
	}
	for i := len(mails) - 1; i >= 0; i-- {
		if mails[i].Err == nil {
			return mails[i].Event, nil
		}
	}
	return event.Event{}, fmt.Errorf("event %d of case %q: %w", j.Seq, j.Case, errGone)
}
