package template

import (
	"bytes"
	"errors"
)

// Vars are the variables of a rendering, such as {"case": {"title": "…"}}.
// Values are nil, string, bool, json.Number, float64, int, []string, []any and
// map[string]any of these. Anything else is an error: the library would let a
// template call its methods.
type Vars map[string]any

// RenderText renders with the values as they are: null is empty, lists and
// objects are JSON.
func (t *Template) RenderText(vars Vars) (string, error) {
	return t.render(vars, asText)
}

// render encodes the values and executes the template.
func (t *Template) render(vars Vars, encode encoding) (string, error) {
	data, err := normalize(map[string]any(vars), "", encode, maxDepth)
	if err != nil {
		return "", problem(t.place, err)
	}
	out, err := t.execute(data)
	if err != nil {
		return "", problem(t.place, err)
	}
	return out, nil
}

func (t *Template) execute(data any) (out string, err error) {
	defer func() {
		// What panics in the library has been printed by it already in part,
		// and could quote data: nothing of it is kept.
		if recover() != nil {
			out, err = "", errors.New("cannot be rendered")
		}
	}()
	w := limited{bytes: maxOutputBytes, writes: maxWrites}
	if err := t.parsed.FRender(&w, data); err != nil {
		return "", err
	}
	if w.full {
		return "", errTooMuch
	}
	return w.buf.String(), nil
}

var errTooMuch = errors.New("renders to too much text")

// limited is a writer with a bound. The library ignores write errors of values
// but not of the text around them, of which every turn of a section writes at
// least one piece, if an empty one: so counting writes bounds its time.
type limited struct {
	buf    bytes.Buffer
	bytes  int
	writes int
	full   bool
}

func (w *limited) Write(p []byte) (int, error) {
	w.writes--
	w.bytes -= len(p)
	if w.full || w.writes < 0 || w.bytes < 0 {
		w.full = true
		return 0, errTooMuch
	}
	return w.buf.Write(p)
}
