package httpclient

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// maxDrain is how much of an unread body is read at Close to keep the
// connection; with more left a new connection is cheaper.
const maxDrain = 64 << 10

// boundedBody is an answer's body within the bounds of time and size.
type boundedBody struct {
	ctx         context.Context // of this request: the time-out runs until the last byte
	cancel      context.CancelFunc
	body        io.ReadCloser
	limit, left int64
}

// Read fails with [tooLarge] at the first byte beyond the limit.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, tooLarge{b.limit}
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more tells "just fits" from "too large"
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, tooLarge{b.limit}
	}
	if err != nil && err != io.EOF && b.ctx.Err() != nil {
		err = context.Cause(b.ctx)
	}
	return n, err
}

// Close reads a small rest, so that the connection can be used again.
func (b *boundedBody) Close() error {
	if b.left >= 0 {
		_, _ = io.CopyN(io.Discard, b.body, maxDrain)
	}
	err := b.body.Close()
	b.cancel()
	return err
}

// tooLarge: the answer has more bytes than allowed.
type tooLarge struct{ limit int64 }

func (e tooLarge) Error() string {
	return fmt.Sprintf("the answer is larger than %d bytes (outbound.maxResponseContentLength)", e.limit)
}

// Is makes errors.Is(err, connector.ErrAnswerTooLarge) true.
func (tooLarge) Is(target error) bool { return target == connector.ErrAnswerTooLarge }

// noAnswer: the time for the whole exchange is over.
type noAnswer struct{ after time.Duration }

func (e noAnswer) Error() string {
	return fmt.Sprintf("no complete answer within %s (outbound.responseTimeout)", e.after)
}

// Timeout makes it a net.Error's time-out for those who ask.
func (noAnswer) Timeout() bool { return true }

// Is makes errors.Is(err, context.DeadlineExceeded) true.
func (noAnswer) Is(target error) bool { return target == context.DeadlineExceeded }
