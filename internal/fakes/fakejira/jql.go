package fakejira

import (
	"fmt"
	"strings"
)

// jql is a parsed query of the subset that a fake Jira knows:
//
//	[clause [AND clause]…] [ORDER BY created|key [ASC|DESC]]
//	clause: labels = value | project = value | issuekey = value
//
// Values are words, or texts in ' or " where \ escapes the next character.
// Names and keywords are read in any case.
type jql struct {
	labels, projects, keys []string
	descending             bool
}

// bounded reports whether the query restricts anything: Cloud refuses others.
func (q jql) bounded() bool { return len(q.labels)+len(q.projects)+len(q.keys) > 0 }

// refusal is an error whose text is what the server answers, in its words.
type refusal string

// Error implements error.
func (r refusal) Error() string { return string(r) }

func refusef(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// jqlToken is a word, a sign or a quoted text.
type jqlToken struct {
	text   string
	quoted bool
}

func (t jqlToken) is(word string) bool { return !t.quoted && strings.EqualFold(t.text, word) }

// parseJQL reads a query. Its error is what the server says.
func parseJQL(s string) (jql, error) {
	tokens, err := scanJQL(s)
	if err != nil {
		return jql{}, err
	}
	var q jql
	for len(tokens) > 0 && !tokens[0].is("order") {
		if len(tokens) < 3 || !tokens[1].is("=") || tokens[2].is("=") {
			return jql{}, refusef("Error in the JQL Query: near '%s': this fake knows only clauses of the form 'field = value'.", tokens[0].text)
		}
		if err := q.add(tokens[0].text, tokens[2].text); err != nil {
			return jql{}, err
		}
		tokens = tokens[3:]
		if len(tokens) == 0 || tokens[0].is("order") {
			break
		}
		if !tokens[0].is("and") || len(tokens) == 1 {
			return jql{}, refusef("Error in the JQL Query: Expecting 'AND' and a clause, or the end of the query, but got '%s'.", tokens[0].text)
		}
		tokens = tokens[1:]
		if tokens[0].is("order") {
			return jql{}, refusef("Error in the JQL Query: Expecting a clause but got 'ORDER'.")
		}
	}
	return q, q.order(tokens)
}

func (q *jql) add(field, value string) error {
	switch strings.ToLower(field) {
	case "labels":
		q.labels = append(q.labels, value)
	case "project":
		q.projects = append(q.projects, value)
	case "key", "issuekey", "id", "issue":
		q.keys = append(q.keys, value)
	default:
		return refusef("Field '%s' does not exist or you do not have permission to view it.", field)
	}
	return nil
}

// order reads what follows the clauses.
func (q *jql) order(tokens []jqlToken) error {
	if len(tokens) == 0 {
		return nil
	}
	wrong := refusef("Error in the JQL Query: this fake orders by 'ORDER BY created' or 'key', with ASC or DESC.")
	if len(tokens) < 3 || len(tokens) > 4 || !tokens[1].is("by") || !tokens[2].is("created") && !tokens[2].is("key") {
		return wrong
	}
	// Jira orders dates from the newest unless told otherwise, and keys too.
	q.descending = true
	if len(tokens) == 4 {
		q.descending = tokens[3].is("desc")
		if !q.descending && !tokens[3].is("asc") {
			return wrong
		}
	}
	return nil
}

func scanJQL(s string) ([]jqlToken, error) {
	var tokens []jqlToken
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case c == '=':
			tokens = append(tokens, jqlToken{text: "="})
			i++
		case c == '"' || c == '\'':
			text, n, err := scanQuoted(s[i:])
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, jqlToken{text: text, quoted: true})
			i += n
		case strings.IndexByte("!~<>()[]{},;:+*/%^$#@?&|`\\", c) >= 0:
			return nil, refusef("Error in the JQL Query: The character '%c' is a reserved JQL character. You must enclose it in a string or use its escape instead.", c)
		default:
			n := strings.IndexAny(s[i:], " \t\r\n=\"'!~<>()[]{},;:+*/%^$#@?&|`\\")
			if n < 0 {
				n = len(s) - i
			}
			tokens = append(tokens, jqlToken{text: s[i : i+n]})
			i += n
		}
	}
	return tokens, nil
}

// scanQuoted reads the text that begins with a quote and says how long it was
// in the source.
func scanQuoted(s string) (text string, n int, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return b.String(), i + 1, nil
		case s[i] == '\\' && i+1 < len(s):
			i++
			if strings.IndexByte(`"'\`, s[i]) < 0 {
				return "", 0, refusef("Error in the JQL Query: '\\%c' is an illegal JQL escape sequence.", s[i])
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, refusef("Error in the JQL Query: The quoted string '%s' has not been completed.", s[1:])
}
