package fakejira

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
)

// projectID is the id of the one project.
const projectID = "10000"

// maxLabel is the greatest length of a label.
const maxLabel = 255

// standardFields can be set besides Options.ExtraFields.
func standardFields() []string {
	return []string{
		"summary", "description", "issuetype", "project", "labels", "priority", "parent", "assignee",
		"reporter", "environment", "duedate", "components", "fixVersions", "versions",
	}
}

func priorities() []string { return []string{"Highest", "High", "Medium", "Low", "Lowest"} }

// checkCreate returns what is wrong with the fields of a new issue, by field.
func (j *Fake) checkCreate(fields map[string]any) map[string]string {
	errs := j.checkFields(fields)
	missing := func(name, message string) {
		if fields[name] == nil && errs[name] == "" {
			errs[name] = message
		}
	}
	missing("summary", "You must specify a summary of the issue.")
	missing("project", j.say("Specify a valid project ID or key", "project is required"))
	missing("issuetype", j.say("Specify an issue type", "issue type is required"))
	for _, name := range j.opts.RequiredFields {
		missing(name, name+" is required.")
	}
	return errs
}

// checkFields returns what is wrong with given fields, by field.
func (j *Fake) checkFields(fields map[string]any) map[string]string {
	errs := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if problem := j.checkField(name, fields[name]); problem != "" {
			errs[name] = problem
		}
	}
	return errs
}

func (j *Fake) checkField(name string, v any) string {
	if !slices.Contains(standardFields(), name) {
		if !slices.Contains(j.opts.ExtraFields, name) {
			return fmt.Sprintf("Field '%s' cannot be set. It is not on the appropriate screen, or unknown.", name)
		}
		return ""
	}
	if v == nil {
		return ""
	}
	switch name {
	case "summary":
		return j.checkSummary(v)
	case "description", "environment":
		return j.checkText(v)
	case "labels":
		return checkLabels(v)
	case "project":
		return j.checkProject(v)
	case "issuetype":
		if _, ok := j.issueType(v); !ok {
			return j.say("Specify a valid issue type", "valid issue type is required")
		}
	case "priority":
		return checkPriority(v)
	}
	return ""
}

func (j *Fake) checkSummary(v any) string {
	s, ok := v.(string)
	switch {
	case !ok:
		return "Operation value must be a string"
	case strings.TrimSpace(s) == "":
		return "You must specify a summary of the issue."
	case strings.ContainsAny(s, "\r\n"):
		return "The summary is invalid because it contains newline characters."
	case fakes.UTF16Len(s) > j.opts.MaxSummary:
		return j.say("Summary can't exceed 255 characters.", "Summary must be less than 255 characters.")
	}
	return ""
}

func (j *Fake) checkText(v any) string {
	s, ok := v.(string)
	if !ok {
		return "Operation value must be a string"
	}
	if fakes.UTF16Len(s) > j.opts.MaxText {
		return fmt.Sprintf("The entered text is too long. It exceeds the allowed limit of %s characters.", thousands(j.opts.MaxText))
	}
	return ""
}

// thousands writes 32,767.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

func checkLabels(v any) string {
	list, ok := v.([]any)
	if !ok {
		return "data was not an array"
	}
	for _, item := range list {
		if problem := checkLabel(item); problem != "" {
			return problem
		}
	}
	return ""
}

func checkLabel(v any) string {
	s, ok := v.(string)
	switch {
	case !ok:
		return "Label must be a string"
	case s == "":
		return "The label '' is empty."
	case strings.ContainsAny(s, " \t\r\n"):
		return fmt.Sprintf("The label '%s' contains spaces which is invalid.", s)
	case fakes.UTF16Len(s) > maxLabel:
		return fmt.Sprintf("The label '%s' exceeds the maximum length for single labels of %d characters.", s, maxLabel)
	}
	return ""
}

func (j *Fake) checkProject(v any) string {
	m, _ := v.(map[string]any)
	if key, _ := m["key"].(string); strings.EqualFold(key, j.opts.ProjectKey) {
		return ""
	}
	if m["id"] == projectID {
		return ""
	}
	return j.say("Specify a valid project ID or key", "valid project is required")
}

// issueType finds the type that {"id"} or {"name"} names.
func (j *Fake) issueType(v any) (IssueType, bool) {
	m, _ := v.(map[string]any)
	for _, t := range j.opts.IssueTypes {
		if m["id"] == t.ID {
			return t, true
		}
		if name, ok := m["name"].(string); ok && m["id"] == nil && strings.EqualFold(name, t.Name) {
			return t, true
		}
	}
	return IssueType{}, false
}

func checkPriority(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return "Could not find valid 'id' or 'name' in priority object."
	}
	if name, ok := m["name"].(string); ok {
		if slices.Contains(priorities(), name) {
			return ""
		}
		return fmt.Sprintf("Priority name '%s' is not valid", name)
	}
	if id, ok := m["id"].(string); ok && len(id) == 1 && id >= "1" && id <= "5" {
		return ""
	}
	return "Could not find valid 'id' or 'name' in priority object."
}

// checkParent needs the lock. It returns "" if all is well.
func (j *Fake) checkParent(fields map[string]any) string {
	t, _ := j.issueType(fields["issuetype"])
	if fields["parent"] == nil {
		if t.Subtask {
			return "Issue type is a sub-task but parent issue key or id not specified."
		}
		return ""
	}
	if j.parent(fields["parent"]) == nil {
		return "Could not find issue by id or key."
	}
	return ""
}

// parent finds the issue that {"key"} or {"id"} names, nil if none. It needs
// the lock.
func (j *Fake) parent(v any) *jiraIssue {
	m, _ := v.(map[string]any)
	for _, k := range []string{"key", "id"} {
		if name, ok := m[k].(string); ok && j.find(name) != nil {
			return j.find(name)
		}
	}
	return nil
}

// mergeUpdate applies the verbs of "update" to fields and adds what is wrong
// to errs.
func (j *Fake) mergeUpdate(fields map[string]any, update map[string][]map[string]any, errs map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(update)) {
		for _, operation := range update[name] {
			for _, verb := range slices.Sorted(maps.Keys(operation)) {
				j.applyVerb(fields, name, verb, operation[verb], errs)
			}
		}
	}
}

func (j *Fake) applyVerb(fields map[string]any, name, verb string, v any, errs map[string]string) {
	switch {
	case verb == "set":
		if problem := j.checkField(name, v); problem != "" {
			errs[name] = problem
			return
		}
		fields[name] = v
	case name == "labels" && (verb == "add" || verb == "remove"):
		if problem := checkLabel(v); problem != "" {
			errs[name] = problem
			return
		}
		list, _ := fields[name].([]any)
		list = slices.DeleteFunc(slices.Clone(list), func(other any) bool { return other == v })
		if verb == "add" {
			list = append(list, v)
		}
		fields[name] = list
	default:
		errs[name] = fmt.Sprintf("Field with id '%s' and name '%s' does not support operation '%s'. Supported operation(s) are: 'set'", name, name, verb)
	}
}
