package servicenow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

const (
	journalPage = 200
	// maxJournalRequests ends a listing that never ends.
	maxJournalRequests = 400
)

// CountComments implements [connector.Connector]: the incident's entries in
// sys_journal_field, of both journals, by their exact text. An account that may
// not read all of them gets an error: what is not shown would be sent again.
func (n *serviceNow) CountComments(ctx context.Context, ref connector.Ref, cs []connector.Comment) ([]int, error) {
	const op = "count comments"
	if len(cs) == 0 {
		return nil, nil
	}
	if err := plainValue(ref.ID); err != nil {
		return nil, connector.Unsendable(op, fmt.Errorf("incident %q: %w", ref.ID, err))
	}
	filled, err := n.filledJournals(ctx, op, ref.ID)
	if err != nil {
		return nil, err
	}
	entries, err := n.list(ctx, listing{
		op: op, path: tableAPI + "sys_journal_field",
		query:  "element_id=" + ref.ID + "^element=" + targetWorkNotes + "^ORelement=" + targetComments + "^ORDERBYsys_created_on^ORDERBYsys_id",
		fields: []string{"sys_id", "element_id", "element", "value"}, page: journalPage, most: maxJournalRequests,
	})
	if err == nil {
		entries, err = journal(entries, ref.ID)
	}
	if err == nil {
		err = allListed(filled, entries)
	}
	if err != nil {
		return nil, journalError(op, err)
	}
	return count(entries, cs), nil
}

// errJournal is the cause of a count that is not possible, with the way out.
var errJournal = errors.New("the account must be able to read sys_journal_field, to know which comments are there")

func journalError(op string, err error) error {
	var e *connector.Error
	if !errors.As(err, &e) {
		e = &connector.Error{Op: op, Kind: connector.Forbidden, Effect: connector.NotApplied, Err: err}
	}
	if e.Kind != connector.Forbidden {
		return e
	}
	c := *e
	c.Err = because(errJournal, e.Err)
	return &c
}

// journal verifies that the entries are this incident's and of its two
// journals, and drops what came twice. Others prove that a part of the query
// was left out.
func journal(entries []record, id string) ([]record, error) {
	seen := map[value]bool{}
	var own []record
	for _, e := range entries {
		_, err := journalOf(string(e["element"]))
		if err != nil || e["element"] == "" || !strings.EqualFold(string(e["element_id"]), id) {
			return nil, errors.New("the answer has entries of others, so ServiceNow has left a part of the query out")
		}
		if _, there := e["value"]; !there {
			return nil, errors.New("the answer has entries without their text")
		}
		if again := e["sys_id"] != "" && seen[e["sys_id"]]; !again {
			seen[e["sys_id"]] = true
			own = append(own, e)
		}
	}
	return own, nil
}

// journals are the two journals of an incident.
func journals() []string { return []string{targetWorkNotes, targetComments} }

// filledJournals returns the journals in which the incident has entries, as
// people see them, and those that it does not show at all: of them nothing is
// known. It is asked before the entries are listed, so that one that comes
// meanwhile is not missed there.
func (n *serviceNow) filledJournals(ctx context.Context, op, id string) ([]string, error) {
	var filled []string
	look := func(names ...string) error {
		r, err := n.readRecord(ctx, op, id, readOptions{fields: append([]string{"sys_id"}, names...), display: true})
		if err != nil {
			return err
		}
		for _, name := range names {
			if text, there := r[name]; !there || strings.TrimSpace(string(text)) != "" {
				filled = append(filled, name)
			}
		}
		return nil
	}
	err := look(journals()...)
	if !errors.Is(err, connector.ErrAnswerTooLarge) {
		return filled, err
	}
	for _, name := range journals() {
		err := look(name)
		if errors.Is(err, connector.ErrAnswerTooLarge) {
			filled, err = append(filled, name), nil
		}
		if err != nil {
			return nil, err
		}
	}
	return filled, nil
}

// allListed makes sure that sys_journal_field shows entries of the journals
// that have some: rules of access would have taken them away.
func allListed(filled []string, entries []record) error {
	for _, name := range filled {
		if !slices.ContainsFunc(entries, func(e record) bool { return string(e["element"]) == name }) {
			return fmt.Errorf("the incident has entries in %s that are not shown", name)
		}
	}
	return nil
}

func count(entries []record, cs []connector.Comment) []int {
	byDigest := map[string]int{}
	for _, e := range entries {
		byDigest[connector.Digest(string(e["value"]))]++
	}
	counts := make([]int, len(cs))
	for i, c := range cs {
		counts[i] = byDigest[c.Digest]
	}
	return counts
}
