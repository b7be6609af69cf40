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
)

const (
	// commentPage keeps a page of the longest ASCII comments (32,767
	// characters) below Kibana's limit of 1 MiB for an answer.
	commentPage = 25
	// maxCommentPages ends a listing that never ends. Jira Cloud allows 5,000
	// comments an issue.
	maxCommentPages = 400
	// propertyKey is the comment property by which we know our own comments.
	propertyKey = "casepush"
	// internalKey makes a comment internal in Jira Service Management.
	internalKey = "sd.public.comment"
)

// commentMark is the value of our comment property.
type commentMark struct {
	ID     string `json:"id"`     // the case comment's
	Source string `json:"source"` // the identity of its text
}

// AddComment implements [connector.Connector]. The comment carries a property
// with its id and source, which people do not see.
func (j *jira) AddComment(ctx context.Context, ref connector.Ref, c connector.Comment) error {
	const op = "add comment"
	body, err := j.commentBody(c)
	if err != nil {
		return unsendable(op, err)
	}
	if err := j.throttle.wait(ctx, op, ref.ID); err != nil {
		return err
	}
	_, err = j.send(ctx, call{op: op, method: http.MethodPost, path: "issue", parts: []string{ref.ID}, suffix: "/comment", body: body})
	return err
}

func (j *jira) commentBody(c connector.Comment) ([]byte, error) {
	type property struct {
		Key   string `json:"key"`
		Value any    `json:"value"`
	}
	properties := []property{{propertyKey, commentMark{ID: c.ID, Source: c.Source}}}
	if j.settings.internalComments {
		properties = append(properties, property{internalKey, map[string]bool{"internal": true}})
	}
	return marshal(struct {
		Body       string     `json:"body"`
		Properties []property `json:"properties"`
	}{c.Text, properties})
}

// CountComments implements [connector.Connector]. It counts this very comment,
// by our property, and every other one of the same text: those of Kibana, of
// people, and our own of another id.
func (j *jira) CountComments(ctx context.Context, ref connector.Ref, c connector.Comment) (int, error) {
	const op = "count comments"
	query := url.Values{"expand": {"properties"}, "maxResults": {strconv.Itoa(commentPage)}, "orderBy": {"created"}}
	count, start := 0, 0
	for range maxCommentPages {
		query.Set("startAt", strconv.Itoa(start))
		body, err := j.send(ctx, call{
			op: op, method: http.MethodGet, reads: true,
			path: "issue", parts: []string{ref.ID}, suffix: "/comment", query: query,
		})
		if err != nil {
			return 0, err
		}
		page, err := decodeComments(body)
		if err != nil {
			return 0, badAnswer(op, err)
		}
		count += page.count(c)
		start += len(page.Comments)
		if len(page.Comments) == 0 || start >= page.Total {
			return count, nil
		}
	}
	return 0, badAnswer(op, fmt.Errorf("more than %d pages of comments", maxCommentPages))
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
	if err := decode(body, &page); err != nil {
		return page, err
	}
	if page.Comments == nil {
		return page, errors.New(`key "comments": missing`)
	}
	return page, nil
}

func (p commentsPage) count(c connector.Comment) int {
	n := 0
	for _, have := range p.Comments {
		if have.is(c) {
			n++
		}
	}
	return n
}

// is reports whether it is this comment, by our property, or one of the same
// text: the pusher knows how many of that text there are, and a comment of
// Kibana's, or of a Jira that does not show properties, has nothing else.
func (have issueComment) is(c connector.Comment) bool {
	for _, p := range have.Properties {
		var mark commentMark
		if p.Key == propertyKey && json.Unmarshal(p.Value, &mark) == nil && mark == (commentMark{ID: c.ID, Source: c.Source}) {
			return true
		}
	}
	return connector.Digest(have.Body) == c.Digest
}
