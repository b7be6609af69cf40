package httpclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/casepush/casepush/internal/connector"
)

// Exchange is one request and how its answer is judged.
type Exchange struct {
	Op    string // "create incident", for the error
	Reads bool   // the request changes nothing, whatever its method
	// Search: the request looks for something by other things than its id. A
	// 404 then says that the search itself is not there (a proxy, a wrong path),
	// not that nothing was found: it is Transient instead of NotFound.
	Search bool
	Words  func(body []byte) string // the tracker's words in the body of a refusal; nil if it has none
	Class  Class                    // who goes first when requests wait for the budget
	// Scope says by the header of a 429 what has to wait. nil: the whole tracker.
	Scope func(http.Header) connector.Scope
	// Head hears status and header of an answer, whatever it is, before Do
	// judges it. nil: nobody wants to.
	Head func(status int, header http.Header)
}

// Do sends the request once and returns the body of a success: a 2xx whose
// body is empty or JSON, whatever its content type says. Anything else is a
// *[connector.Error] and no body. The kind follows the status; the effect is
// NotApplied only if the tracker said so or nothing can have been sent. The
// error shows the tracker's words as Words finds them, in one line of at most
// 500 characters and without the credentials of the request; never a body, a
// query string or a header. The client should come from [New].
func (x Exchange) Do(client *http.Client, req *http.Request) ([]byte, error) {
	ctx, trip := x.follow(req.Context())
	req = req.WithContext(ctx)
	if req.Header == nil {
		req.Header = http.Header{}
	}
	if req.Header.Get("Accept") == "" {
		req.Header = req.Header.Clone()
		req.Header.Set("Accept", "application/json, text/plain, */*") // as Kibana
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, x.unanswered(trip, err)
	}
	defer resp.Body.Close()
	if x.Head != nil {
		x.Head(resp.StatusCode, resp.Header)
	}
	body, readErr := io.ReadAll(resp.Body)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		if readErr != nil {
			body = nil // half a body has no words
		}
		return nil, x.refused(req, resp, trip, body)
	}
	if readErr == nil {
		body, readErr = jsonOrEmpty(body)
	}
	if readErr != nil {
		return nil, x.fail(&connector.Error{Status: resp.StatusCode, Err: describe(readErr)})
	}
	return body, nil
}

// fail completes an error.
func (x Exchange) fail(e *connector.Error) *connector.Error {
	e.Op = x.Op
	if x.Reads || x.Search {
		e.Effect = connector.NotApplied
	}
	return e
}

// unanswered judges a request without an answer.
func (x Exchange) unanswered(trip *journey, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // its own text is the URL with its query
	}
	e := &connector.Error{Err: describe(err)}
	if !trip.mayHaveLeft() {
		e.Effect = connector.NotApplied
	}
	if errors.Is(err, connector.ErrHostNotAllowed) || errors.Is(err, errBadRequest) {
		e.Kind = connector.Rejected
	}
	held(e, err)
	return x.fail(e)
}

// refused judges an answer that is not a 2xx.
func (x Exchange) refused(req *http.Request, resp *http.Response, trip *journey, body []byte) error {
	kind, effect := judge(resp.StatusCode)
	if x.Search && kind == connector.NotFound {
		kind = connector.Transient
	}
	e := &connector.Error{Kind: kind, Effect: effect, Status: resp.StatusCode, RetryAfter: askedWait(resp), Scope: trip.scopeOf(resp)}
	if to := redirectHost(resp); to != "" {
		e.Err = fmt.Errorf("redirect to host %q not followed", to)
	} else if x.Words != nil && len(body) > 0 {
		if words := tidy(x.Words(body), credentials(req)); words != "" {
			e.Err = errors.New(words)
		}
	}
	return x.fail(e)
}

// redirectHost is the host that a redirect leads to, "" if it is none.
func redirectHost(resp *http.Response) string {
	if resp.StatusCode < 300 || resp.StatusCode > 399 {
		return ""
	}
	to, err := resp.Location()
	if err != nil {
		return ""
	}
	return to.Hostname()
}

var (
	errHTML    = errors.New("the answer is a web page, not JSON: a login, maintenance or hibernation page")
	errNotJSON = errors.New("the answer is not JSON, or only a part of it came")
)

// jsonOrEmpty accepts what a tracker may send with a success. The content
// type is not asked: trackers and proxies get it wrong both ways.
func jsonOrEmpty(body []byte) ([]byte, error) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	switch {
	case len(body) == 0:
		return nil, nil
	case body[0] == '<':
		return nil, errHTML
	case !json.Valid(body):
		return nil, errNotJSON
	}
	return body, nil
}
