package httpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

var errCutOff = errors.New("the connection ended before the whole answer came")

// describe returns an error that is safe to show. Errors of the network and
// of TLS are; those of net/http's parser quote what the server sent, and
// others may come from a transport that we do not know.
func describe(err error) error {
	for _, ours := range []error{connector.ErrHostNotAllowed, errBadRequest, errNoRoom, errHTML, errNotJSON} {
		if errors.Is(err, ours) {
			return err
		}
	}
	var gate shut
	var large tooLarge
	var late noAnswer
	switch {
	case errors.As(err, &gate):
		return gate
	case errors.As(err, &large):
		return large
	case errors.As(err, &late):
		return late
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	}
	return describeNetwork(err)
}

func describeNetwork(err error) error {
	var op *net.OpError
	var verify *tls.CertificateVerificationError
	switch {
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return fmt.Errorf("proxy: %w", describeNetwork(op.Err))
	case errors.As(err, &op):
		return op
	case errors.As(err, &verify):
		return verify
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errCutOff
	}
	// net/http forms all errors that quote the server as `what "value"`.
	what, _, _ := strings.Cut(err.Error(), `"`)
	return errors.New(tidy(strings.TrimRight(what, " :"), nil))
}
