package kibana

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/casepush/casepush/internal/connector"
)

// Bounds of what one case is read with.
const (
	perPage = 100 // Kibana's maximum
	// maxComments bounds the comments of one case: Kibana's own result window.
	maxComments = 10_000
	// maxReads bounds how often comments are read again because they changed
	// while they were read.
	maxReads = 5
)

// What says how much of a case to read.
type What struct {
	// Comments: all its attachments too, in pages.
	Comments bool
}

// Case reads a case. With What.Comments its comments are all there, each once,
// oldest first; attachments of other types are kept when Kibana lists them (older
// versions do). The comments are never older than the case, so a comment that
// is not in the answer has an update of the case after the one returned.
//
// Comments that keep changing while they are read are a transient error, a case
// with more than 10,000 attachments is rejected. Without What.Comments, Kibana
// before 8.3 or so answers 0 as TotalComment and TotalAlerts.
func (c *Client) Case(ctx context.Context, space, id string, what What) (*Case, error) {
	found, err := c.head(ctx, space, id)
	if err != nil || !what.Comments {
		return found, err
	}
	var last []Comment
	for attempt := range maxReads {
		list, whole, err := c.comments(ctx, space, id)
		if err != nil {
			return nil, err
		}
		// A single page is one moment; several may have a change between them,
		// which the case's version shows.
		again := found
		if len(list) >= perPage {
			if again, err = c.head(ctx, space, id); err != nil {
				return nil, err
			}
		}
		unchanged := whole && again.Version == found.Version
		// A total that never fits what is listed (attachments that we may not
		// see) must not block the case: two equal readings are good enough.
		if unchanged || attempt > 0 && sameComments(last, list) {
			found.Comments = list
			return found, nil
		}
		found, last = again, list
	}
	return nil, &connector.Error{
		Op: "read comments", Kind: connector.Transient, Effect: connector.NotApplied,
		Err: fmt.Errorf("they changed during each of %d readings", maxReads),
	}
}

// head reads a case without its comments.
func (c *Client) head(ctx context.Context, space, id string) (*Case, error) {
	version, err := c.release(ctx)
	if err != nil {
		return nil, err
	}
	k := call{op: "read case", method: http.MethodGet, space: space, path: []string{"cases", id}}
	if !version.atLeast(9, 0) { // removed in 9.0, where an unknown key may be refused
		k.query = url.Values{"includeComments": {"false"}}
	}
	body, err := c.do(ctx, k)
	if k.query != nil && hasStatus(err, http.StatusBadRequest) { // upgraded since we asked
		c.version.forget()
		k.query = nil
		body, err = c.do(ctx, k)
	}
	if err != nil {
		return nil, err
	}
	found, err := DecodeCase(body)
	if err == nil && found.ID != id {
		err = fmt.Errorf("it is about case %q", found.ID)
	}
	if err != nil {
		return nil, unreadable(k, err)
	}
	found.Comments = nil
	return found, nil
}

// commentPage is the answer of comments/_find.
type commentPage struct {
	Comments []Comment `json:"comments"`
	Total    int       `json:"total"`
}

// comments reads all pages once. whole is false if something was added or
// removed meanwhile, as far as totals and ids show it.
func (c *Client) comments(ctx context.Context, space, id string) (list []Comment, whole bool, err error) {
	seen := make(map[string]bool)
	total := -1
	whole = true
	for page := 1; page <= maxComments/perPage; page++ {
		answer, err := c.commentPage(ctx, space, id, page)
		if err != nil {
			return nil, false, err
		}
		if answer.Total > maxComments {
			return nil, false, &connector.Error{
				Op: "read comments", Kind: connector.Rejected, Effect: connector.NotApplied,
				Err: fmt.Errorf("the case has %d attachments, more than the limit of %d", answer.Total, maxComments),
			}
		}
		if total >= 0 && answer.Total != total {
			whole = false
		}
		total = answer.Total
		for _, comment := range answer.Comments {
			if seen[comment.ID] {
				whole = false
				continue
			}
			seen[comment.ID] = true
			list = append(list, comment)
		}
		if len(answer.Comments) == 0 || len(list) >= total {
			break
		}
	}
	sortComments(list)
	return list, whole && len(list) == total, nil
}

func (c *Client) commentPage(ctx context.Context, space, id string, page int) (commentPage, error) {
	k := call{
		op: "read comments", method: http.MethodGet, space: space, search: true,
		path: []string{"cases", id, "comments", "_find"},
		query: url.Values{
			"page": {strconv.Itoa(page)}, "perPage": {strconv.Itoa(perPage)},
			"sortOrder": {"asc"},
		},
	}
	body, err := c.do(ctx, k)
	if err != nil {
		return commentPage{}, err
	}
	var answer commentPage
	if err := json.Unmarshal(body, &answer); err != nil {
		return commentPage{}, unreadable(k, err)
	}
	if answer.Comments == nil {
		return commentPage{}, unreadable(k, errors.New("no list of comments in it"))
	}
	return answer, nil
}

// sameComments reports whether two readings saw the same texts.
func sameComments(a, b []Comment) bool {
	return slices.EqualFunc(a, b, func(x, y Comment) bool { return x.ID == y.ID && x.Version == y.Version })
}
