package webhook

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxWordsDepth is how far inside an answer its words are looked for.
const maxWordsDepth = 4

// words returns what a tracker says in the body of a refusal, under the keys
// that REST APIs have for it; "" if it says nothing there. The rest of the body
// is not shown: it may repeat the case. httpclient bounds and redacts them.
func words(body []byte) string {
	var answer any
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	var out []string
	switch v := answer.(type) {
	case map[string]any:
		out = saidIn(v, maxWordsDepth)
	case []any: // of errors
		for _, item := range v {
			if o, ok := item.(map[string]any); ok {
				out = append(out, saidIn(o, maxWordsDepth)...)
			}
		}
	}
	return strings.Join(out, "; ")
}

// tellingKeys are looked for in this order.
func tellingKeys() []string {
	return []string{"message", "error", "error_message", "error_description", "detail", "reason", "msg", "errorMessages", "errors"}
}

// said collects the words of a value that stands under a telling key.
func said(v any, room int) []string {
	if room < 0 {
		return nil
	}
	var out []string
	switch v := v.(type) {
	case string:
		if v != "" {
			out = append(out, v)
		}
	case []any:
		for _, item := range v {
			out = append(out, said(item, room-1)...)
		}
	case map[string]any:
		out = saidIn(v, room)
	}
	return out
}

// saidIn collects the words of an object, each once.
func saidIn(o map[string]any, room int) []string {
	var out []string
	for _, key := range tellingKeys() {
		v, ok := o[key]
		if !ok {
			continue
		}
		if fields, ok := v.(map[string]any); ok && key == "errors" {
			out = append(out, fieldErrors(fields, room-1)...)
			continue
		}
		for _, text := range said(v, room-1) {
			if !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}

// fieldErrors are words by the field that they are about, sorted.
func fieldErrors(fields map[string]any, room int) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if text := strings.Join(said(fields[name], room), ", "); text != "" {
			out = append(out, fmt.Sprintf("field %q: %s", name, text))
		}
	}
	return out
}
