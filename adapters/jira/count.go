package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

const (
	// commentPage is Jira Cloud's own page of comments.
	commentPage = 100
	// smallerPage divides a page that is larger than the client takes: 100
	// comments of 32,767 characters are more than Kibana's limit of 1 MiB.
	smallerPage = 4
	// maxCommentRequests ends a listing that never ends. Jira Cloud allows
	// 5,000 comments an issue.
	maxCommentRequests = 400
)

// CountComments implements [connector.Connector]. A comment counts if our
// property says that it is this very one, and any if its text is the same:
// those of Kibana, of people, and our own of another id.
func (j *jira) CountComments(ctx context.Context, ref connector.Ref, cs []connector.Comment) ([]int, error) {
	const op = "count comments"
	if len(cs) == 0 {
		return nil, nil
	}
	tally := newTally(cs)
	start, size := 0, commentPage
	for range maxCommentRequests {
		body, err := j.listComments(ctx, op, ref, start, size)
		if errors.Is(err, connector.ErrAnswerTooLarge) && size > 1 {
			size = max(1, size/smallerPage)
			continue
		}
		if err != nil {
			return nil, err
		}
		page, err := decodeComments(body)
		if err != nil {
			return nil, connector.BadAnswer(op, err)
		}
		tally.add(page.Comments)
		start += len(page.Comments)
		if len(page.Comments) == 0 || start >= page.Total {
			return tally.counts, nil
		}
	}
	return nil, connector.BadAnswer(op, fmt.Errorf("no end of the comments after %d requests", maxCommentRequests))
}

// listComments asks for one page, oldest first, so that a comment that is
// added meanwhile moves no other.
func (j *jira) listComments(ctx context.Context, op string, ref connector.Ref, start, size int) ([]byte, error) {
	return j.send(ctx, call{
		op: op, method: http.MethodGet, reads: true,
		path: "issue", parts: []string{ref.ID}, suffix: "/comment",
		query: url.Values{
			"expand": {"properties"}, "orderBy": {"created"},
			"startAt": {strconv.Itoa(start)}, "maxResults": {strconv.Itoa(size)},
		},
	})
}

// commentsPage is a part of an issue's comments.
type commentsPage struct {
	Comments []issueComment `json:"comments"`
	Total    int            `json:"total"`
}

type issueComment struct {
	Body       string `json:"body"`
	Properties []struct {
		Key   string          `json:"key"`
		Value json.RawMessage `json:"value"`
	} `json:"properties"`
}

// decodeComments reads a page. An answer without a list is an error: it must
// never pass for "no comments".
func decodeComments(body []byte) (commentsPage, error) {
	var page commentsPage
	if err := wire.Decode(body, &page); err != nil {
		return page, err
	}
	if page.Comments == nil {
		return page, errors.New(`key "comments": missing`)
	}
	return page, nil
}

// mark returns our property of the comment; it is zero on a comment of
// others, and on each of a Jira that does not show properties.
func (have issueComment) mark() commentMark {
	for _, p := range have.Properties {
		var mark commentMark
		if p.Key == propertyKey && json.Unmarshal(p.Value, &mark) == nil {
			return mark
		}
	}
	return commentMark{}
}

// tally counts the given comments among those of an issue.
type tally struct {
	wanted   []connector.Comment
	byDigest map[string][]int // indexes of wanted
	byMark   map[commentMark][]int
	counts   []int // as wanted
}

func newTally(cs []connector.Comment) *tally {
	t := &tally{wanted: cs, byDigest: map[string][]int{}, byMark: map[commentMark][]int{}, counts: make([]int, len(cs))}
	for i, c := range cs {
		t.byDigest[c.Digest] = append(t.byDigest[c.Digest], i)
		mark := commentMark{ID: c.ID, Source: c.Source}
		t.byMark[mark] = append(t.byMark[mark], i)
	}
	return t
}

// add counts each comment once for every wanted one that it may be. The text
// counts whatever the property says: the pusher knows how many of that text
// there are, so leaving out our own of another id would make it miss one.
func (t *tally) add(comments []issueComment) {
	for _, have := range comments {
		digest := connector.Digest(have.Body)
		for _, i := range t.byDigest[digest] {
			t.counts[i]++
		}
		if mark := have.mark(); mark != (commentMark{}) {
			for _, i := range t.byMark[mark] {
				if t.wanted[i].Digest != digest { // else it is counted by its text
					t.counts[i]++
				}
			}
		}
	}
}
