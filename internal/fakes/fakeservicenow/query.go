package fakeservicenow

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// query is an encoded query that has been read.
type query struct {
	any     [][][]condition // one of these (^NQ) must match: each a conjunction (^) of alternatives (^OR)
	orders  []order
	invalid bool // a part was dropped
}

type condition struct {
	column, operator, value string
}

type order struct {
	column     string
	descending bool
}

// operators in an order in which none hides a longer one.
func operators() []string {
	return []string{"ISNOTEMPTY", "ISEMPTY", "STARTSWITH", "ENDSWITH", "NOT LIKE", "LIKE", "NOT IN", "IN", "!=", ">=", "<=", "=", ">", "<"}
}

// parseQuery reads a query. Parts with unknown columns or broken syntax are
// left out, without a word, as ServiceNow does.
func parseQuery(text string, s schema) query {
	q := query{any: [][][]condition{nil}}
	for _, term := range splitTerms(text) {
		if name, ok := strings.CutPrefix(term, "ORDERBYDESC"); ok {
			q.sort(s, order{name, true})
			continue
		}
		if name, ok := strings.CutPrefix(term, "ORDERBY"); ok {
			q.sort(s, order{name, false})
			continue
		}
		if rest, ok := strings.CutPrefix(term, "NQ"); ok {
			q.any, term = append(q.any, nil), rest
		}
		rest, or := strings.CutPrefix(term, "OR")
		if or {
			term = rest
		}
		c, ok := parseCondition(term, s)
		if !ok {
			q.drop(or)
			continue
		}
		q.add(c, or)
	}
	return q
}

func (q *query) sort(s schema, o order) {
	if _, known := s[o.column]; !known {
		q.invalid = true
		return
	}
	q.orders = append(q.orders, o)
}

// add joins a condition; an alternative belongs to the condition before it.
func (q *query) add(c condition, or bool) {
	last := &q.any[len(q.any)-1]
	if or && len(*last) > 0 {
		(*last)[len(*last)-1] = append((*last)[len(*last)-1], c)
		return
	}
	*last = append(*last, []condition{c})
}

// drop leaves a condition out. The alternatives of it that follow are then all
// that is left of it.
func (q *query) drop(or bool) {
	q.invalid = true
	if last := &q.any[len(q.any)-1]; !or {
		*last = append(*last, nil)
	}
}

// all joins a condition to every alternative of the whole query.
func (q *query) all(c condition) {
	for i := range q.any {
		q.any[i] = append(q.any[i], []condition{c})
	}
}

// splitTerms splits at carets; two of them are one in a value.
func splitTerms(text string) []string {
	var terms []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			terms = append(terms, b.String())
		}
		b.Reset()
	}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != '^':
			b.WriteByte(text[i])
		case i+1 < len(text) && text[i+1] == '^':
			b.WriteByte('^')
			i++
		default:
			flush()
		}
	}
	flush()
	return terms
}

var columnName = regexp.MustCompile(`^[a-z][a-z0-9_]*`)

func parseCondition(term string, s schema) (condition, bool) {
	name := columnName.FindString(term)
	if _, known := s[name]; !known {
		return condition{}, false
	}
	rest := term[len(name):]
	for _, op := range operators() {
		if value, ok := strings.CutPrefix(rest, op); ok {
			if strings.HasPrefix(value, "javascript:") {
				value = "" // which the server would run; what we would send gives nothing
			}
			return condition{name, op, value}, true
		}
	}
	return condition{}, false
}

// matches judges a record.
func (q query) matches(r row) bool {
	return slices.ContainsFunc(q.any, func(all [][]condition) bool {
		return !slices.ContainsFunc(all, func(alternatives []condition) bool {
			return len(alternatives) > 0 && !slices.ContainsFunc(alternatives, func(c condition) bool { return c.matches(r[c.column]) })
		})
	})
}

// matches compares without regard to case, as ServiceNow's databases do.
func (c condition) matches(have string) bool {
	have, want := strings.ToLower(have), strings.ToLower(c.value)
	switch c.operator {
	case "=":
		return have == want
	case "!=":
		return have != want
	case "STARTSWITH":
		return strings.HasPrefix(have, want)
	case "ENDSWITH":
		return strings.HasSuffix(have, want)
	case "LIKE":
		return strings.Contains(have, want)
	case "NOT LIKE":
		return !strings.Contains(have, want)
	case "IN":
		return slices.Contains(strings.Split(want, ","), have)
	case "NOT IN":
		return !slices.Contains(strings.Split(want, ","), have)
	case "ISEMPTY":
		return have == ""
	case "ISNOTEMPTY":
		return have != ""
	default:
		return ordered(c.operator, compare(have, want))
	}
}

func ordered(operator string, n int) bool {
	switch operator {
	case ">":
		return n > 0
	case ">=":
		return n >= 0
	case "<":
		return n < 0
	default: // <=
		return n <= 0
	}
}

// compare orders numbers as numbers and all else as text.
func compare(a, b string) int {
	x, err1 := strconv.Atoi(a)
	y, err2 := strconv.Atoi(b)
	if err1 == nil && err2 == nil {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(a, b)
}

// arrange sorts rows: by sys_id, an order that means nothing, and by what the
// query asks for.
func (q query) arrange(rows []row) {
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a["sys_id"], b["sys_id"]) })
	slices.SortStableFunc(rows, func(a, b row) int {
		for _, o := range q.orders {
			n := compare(a[o.column], b[o.column])
			if o.descending {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	})
}
