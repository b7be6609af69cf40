package config

import (
	"fmt"
	"slices"
	"strings"
)

// didYouMean returns a hint with the known word nearest to a misspelt one, ""
// if none is near.
func didYouMean(word string, known []string) string {
	if best := nearest(word, known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return ""
}

// nearest returns the known word that a misspelt one stands for, "" if none is
// near: at most one edit for every three characters.
func nearest(word string, known []string) string {
	if len(word) > 2*maxShown {
		return ""
	}
	if slices.Contains(known, word) {
		return ""
	}
	best, least, same := "", 0, 0
	for _, k := range known {
		d, p := edits(plainWord(word), plainWord(k)), commonPrefix(word, k)
		if d <= max(1, len(k)/3) && (best == "" || d < least || d == least && p > same) {
			best, least, same = k, d, p
		}
	}
	return best
}

// oneOf returns a hint that names what may stand here: the nearest, else all.
func oneOf(word string, known []string) string {
	if hint := didYouMean(word, known); hint != "" {
		return hint
	}
	return "one of " + strings.Join(known, ", ")
}

// commonPrefix counts the bytes with which both begin.
func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// plainWord drops what people mix up between Kibana's camelCase and snake_case.
func plainWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// edits counts insertions, deletions, replacements and swaps of neighbours
// that make b of a.
func edits(a, b string) int {
	x, y := []rune(a), []rune(b)
	var before, row []int
	next := make([]int, len(y)+1)
	for j := range next {
		next[j] = j
	}
	for i, c := range x {
		before, row = row, next
		next = make([]int, len(y)+1)
		next[0] = i + 1
		for j, d := range y {
			cost := 1
			if c == d {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && c == y[j-1] && d == x[i-1] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
	}
	return next[len(y)]
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
