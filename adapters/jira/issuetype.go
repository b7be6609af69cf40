package jira

import (
	"context"
	"net/http"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// defaultIssueType returns the id of the project's first issue type, as Kibana
// chooses it, or "" if Jira names none: then the create is sent without one,
// and Jira says what it misses.
func (j *jira) defaultIssueType(ctx context.Context) (string, error) {
	if id := j.issueType.Load(); id != nil {
		return *id, nil
	}
	const op = "find issue type"
	body, err := j.send(ctx, call{
		op: op, method: http.MethodGet, reads: true,
		path: "issue/createmeta", parts: []string{j.settings.projectKey}, suffix: "/issuetypes",
	})
	if err != nil {
		return "", err
	}
	id, err := decodeIssueTypes(body)
	if err != nil {
		return "", connector.BadAnswer(op, err)
	}
	if id != "" { // an empty list may be filled a moment later
		j.issueType.Store(&id)
	}
	return id, nil
}

// decodeIssueTypes returns the first id: Cloud answers "issueTypes", Data
// Center "values".
func decodeIssueTypes(body []byte) (string, error) {
	type issueType struct {
		ID string `json:"id"`
	}
	var answer struct {
		IssueTypes []issueType `json:"issueTypes"`
		Values     []issueType `json:"values"`
	}
	if err := wire.Decode(body, &answer); err != nil {
		return "", err
	}
	for _, t := range append(answer.IssueTypes, answer.Values...) {
		return t.ID, nil
	}
	return "", nil
}
