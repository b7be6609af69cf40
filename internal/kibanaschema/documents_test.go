package kibanaschema_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibanaschema"
	"github.com/casepush/casepush/internal/spectest"
)

// example is a request, or the answer to one, in either form.
type example struct {
	ID         string
	Name       string
	TypeID     string `json:"connector_type_id"`
	OldTypeID  string `json:"actionTypeId"`
	Config     m
	Secrets    m
	Deprecated bool `json:"is_deprecated"`
}

func (e example) definition() kibanaschema.Definition {
	return kibanaschema.Definition{Name: e.Name, TypeID: e.TypeID + e.OldTypeID, Config: e.Config, Secrets: e.Secrets}
}

var (
	trailingComma = regexp.MustCompile(`,(\s*[}\]])`)
	exampleStart  = regexp.MustCompile(`(?m)^\{$`)
)

// examples reads the JSON objects of a document: those that begin with a brace
// on a line of its own and name a connector.
func examples(document string) (requests, answers []example, err error) {
	text := trailingComma.ReplaceAllString(document, "$1")
	for _, at := range exampleStart.FindAllStringIndex(text, -1) {
		var e example
		if err := json.NewDecoder(strings.NewReader(text[at[0]:])).Decode(&e); err != nil {
			if strings.Contains(err.Error(), "'{' looking for beginning of object key") {
				continue // a template of the webhook's
			}
			return nil, nil, fmt.Errorf("example at byte %d: %w", at[0], err)
		}
		switch {
		case e.Name == "":
		case e.ID != "":
			answers = append(answers, e)
		default:
			requests = append(requests, e)
		}
	}
	return requests, answers, nil
}

func documentOf(t *testing.T, name string) (requests, answers []example) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(spectest.MustRoot(t), "..", "shared", "documents", name))
	spectest.Need(t, err)
	requests, answers, err = examples(string(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return requests, answers
}

// typesOf names the types of examples, in their order.
func typesOf(es []example) []string {
	var ids []string
	for _, e := range es {
		ids = append(ids, e.definition().TypeID)
	}
	return ids
}

func TestDocument8(t *testing.T) {
	requests, answers := documentOf(t, "create-connector-8x.txt")
	if diff := cmp.Diff([]string{".index", ".jira", ".resilient", ".servicenow-itom", ".swimlane"}, typesOf(requests)); diff != "" {
		t.Fatal(diff)
	}
	for _, e := range requests {
		accepted(t, e.definition())
	}
	if len(answers) != 1 {
		t.Fatalf("%d answers, want that of the first request", len(answers))
	}
	v := accepted(t, requests[0].definition())
	if diff := cmp.Diff(answers[0].Config, v.Config); diff != "" {
		t.Error(diff)
	}
	if got := kibanaschema.Deprecated(answers[0].TypeID, v.Config); got != answers[0].Deprecated {
		t.Errorf("deprecated: %t", got)
	}
	if isOAuth := accepted(t, requests[3].definition()).Config["isOAuth"]; isOAuth != true {
		t.Errorf("isOAuth is %v", isOAuth)
	}
}

func TestDocument7(t *testing.T) {
	requests, answers := documentOf(t, "create-connector-7x.txt")
	if diff := cmp.Diff([]string{".servicenow", ".jira"}, typesOf(requests)); diff != "" || len(answers) != 2 {
		t.Fatalf("%d answers; %s", len(answers), diff)
	}
	for i, title := range []string{"short_description", "summary"} {
		want := []connector.MappingRow{
			{Source: connector.Title, Target: title, ActionType: connector.Overwrite},
			{Source: connector.Description, Target: "description", ActionType: connector.Overwrite},
			{Source: connector.Comments, Target: "comments", ActionType: connector.Append},
		}
		if diff := cmp.Diff(want, accepted(t, requests[i].definition()).Mapping); diff != "" {
			t.Error(diff)
		}
	}
}
