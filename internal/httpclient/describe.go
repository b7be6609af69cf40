package httpclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

var errCutOff = errors.New("the connection ended before the whole answer came")

// describe returns an error that is safe to show. Most errors of the network
// are, but those of net/http's parser quote what the server sent.
func describe(err error) error {
	var (
		op       *net.OpError
		dns      *net.DNSError
		verify   *tls.CertificateVerificationError
		record   tls.RecordHeaderError
		large    tooLarge
		late     noAnswer
		name     x509.HostnameError
		unsigned x509.UnknownAuthorityError
	)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errCutOff
	case errors.As(err, &large):
		return large
	case errors.As(err, &late):
		return late
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case errors.Is(err, connector.ErrHostNotAllowed), errors.Is(err, errBadRequest),
		err == errHTML, err == errNotJSON: //nolint:errorlint // our own, never wrapped
		return err
	case errors.As(err, &op), errors.As(err, &dns), errors.As(err, &verify),
		errors.As(err, &record), errors.As(err, &name), errors.As(err, &unsigned):
		return err
	}
	// net/http forms all such errors as `what "value"`.
	what, _, _ := strings.Cut(err.Error(), `"`)
	return errors.New(tidy(strings.TrimRight(what, " :"), nil))
}
