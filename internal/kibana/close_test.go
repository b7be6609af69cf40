package kibana_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
)

// desk is case c-1 behind a wire: it checks versions as Kibana does.
type desk struct {
	status  string
	version int64
	// onPatch runs before a write is judged; true means that it has answered.
	onPatch func(rw http.ResponseWriter) bool
	patches int
	user    any
	// closedAt and updatedAt are what the case shows; nil is null.
	closedAt, updatedAt any
}

func (d *desk) body() map[string]any {
	return map[string]any{
		"id": "c-1", "status": d.status, "version": kibana.FormatVersion(d.version, 1), "updated_by": d.user,
		"closed_at": d.closedAt, "updated_at": d.updatedAt,
	}
}

func (d *desk) serve(w *wire) {
	w.mux.HandleFunc("GET /api/cases/c-1", func(rw http.ResponseWriter, _ *http.Request) { give(rw, d.body()) })
	w.mux.HandleFunc("PATCH /api/cases", func(rw http.ResponseWriter, r *http.Request) {
		d.patches++
		if d.onPatch != nil && d.onPatch(rw) {
			return
		}
		var in struct {
			Cases []struct{ ID, Version, Status string }
		}
		if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.Cases) != 1 || in.Cases[0].ID != "c-1" {
			refuse(rw, 400, "bad body")
			return
		}
		switch {
		case in.Cases[0].Version != kibana.FormatVersion(d.version, 1):
			refuse(rw, 409, "These cases c-1 has been updated. Please refresh before saving additional updates.")
		case in.Cases[0].Status == d.status:
			refuse(rw, 406, "All update fields are identical to current version.")
		default:
			d.status, d.version = in.Cases[0].Status, d.version+1
			give(rw, []any{d.body()})
		}
	})
}

func TestClose(t *testing.T) {
	fresh := kibana.FormatVersion(7, 1)
	closed, already := kibana.CloseResult{Closed: true}, kibana.CloseResult{Closed: true, AlreadyClosed: true}
	for _, tt := range []struct {
		name    string
		desk    desk
		version string
		want    kibana.CloseResult
		patches int
	}{
		{"with the version at hand", desk{status: "open", version: 7}, fresh, closed, 1},
		{"with a version of its own", desk{status: "in-progress", version: 7}, "", closed, 1},
		{"with an old version", desk{status: "open", version: 7}, kibana.FormatVersion(6, 1), closed, 2},
		{"already closed", desk{status: "closed", version: 7}, "", already, 0},
		{"already closed, 406", desk{status: "closed", version: 7}, fresh, already, 1},
		{"already closed, 409", desk{status: "closed", version: 7}, kibana.FormatVersion(6, 1), already, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, "8.12.0")
			tt.desk.serve(w)
			c := w.client(t)
			got, err := c.Close(t.Context(), "default", "c-1", kibana.CloseOptions{Version: tt.version})
			if err != nil || got != tt.want || tt.desk.patches != tt.patches || tt.desk.status != "closed" {
				t.Fatalf("%+v, %v, %d writes: want %+v, %d writes", got, err, tt.desk.patches, tt.want, tt.patches)
			}
			again, err := c.Close(t.Context(), "default", "c-1", kibana.CloseOptions{Version: tt.version})
			if err != nil || again != already {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
}

// TestCloseIsDated: the time is Kibana's, whoever has closed the case.
func TestCloseIsDated(t *testing.T) {
	const closed, updated = "2026-11-24T10:00:00.123Z", "2026-11-24T11:00:00.000Z"
	for _, tt := range []struct {
		name                string
		status              string
		closedAt, updatedAt any
		want                string
	}{
		{"by this write", "open", closed, closed, closed},
		{"by this write, without closed_at", "open", nil, updated, updated},
		{"before, and changed since", "closed", closed, updated, closed},
		{"before, without closed_at", "closed", nil, updated, updated},
		{"without any time", "open", nil, nil, ""},
		{"before, without any time", "closed", nil, nil, ""},
	} {
		for _, version := range []string{"", kibana.FormatVersion(7, 1)} { // read first, and written first
			w := newWire(t, "9.1.0")
			d := &desk{status: tt.status, version: 7, closedAt: tt.closedAt, updatedAt: tt.updatedAt}
			d.serve(w)
			got, err := w.client(t).Close(t.Context(), "default", "c-1", kibana.CloseOptions{Version: version})
			var want time.Time
			if tt.want != "" {
				want, _ = time.Parse(time.RFC3339, tt.want)
			}
			if err != nil || !got.Closed || !got.At.Equal(want) {
				t.Errorf("%s: %+v, %v: want closed at %s", tt.name, got, err, want)
			}
		}
	}
}

func TestCloseConflicts(t *testing.T) {
	for times, succeeds := range map[int]bool{1: true, 4: true, 5: false} {
		w := newWire(t, "9.1.0")
		d := &desk{status: "open", version: 7}
		d.onPatch = func(http.ResponseWriter) bool {
			if d.patches <= times {
				d.version++ // a background job was faster
			}
			return false
		}
		d.serve(w)
		got, err := w.client(t).Close(t.Context(), "default", "c-1", kibana.CloseOptions{})
		if succeeds {
			if err != nil || !got.Closed || d.patches != times+1 {
				t.Errorf("%d conflicts: %+v, %v, %d writes", times, got, err, d.patches)
			}
			continue
		}
		e := wantKind(t, err, connector.Conflict)
		if e.Effect != connector.NotApplied || e.Status != 409 || got.Closed || d.patches != times {
			t.Errorf("%d conflicts: %v (effect %v), %d writes", times, e, e.Effect, d.patches)
		}
	}
}

func TestCloseLostAnswer(t *testing.T) {
	w := newWire(t, "9.1.0")
	d := &desk{status: "open", version: 7}
	d.onPatch = func(rw http.ResponseWriter) bool {
		if d.patches > 1 {
			return false
		}
		d.status, d.version = "closed", 8
		panic(http.ErrAbortHandler)
	}
	d.serve(w)
	c := w.client(t)
	options := kibana.CloseOptions{Version: kibana.FormatVersion(7, 1)}
	_, err := c.Close(t.Context(), "default", "c-1", options)
	if e := wantKind(t, err, connector.Transient); e.Effect != connector.EffectUnknown {
		t.Errorf("effect %v: the write may have happened", e.Effect)
	}
	got, err := c.Close(t.Context(), "default", "c-1", options)
	if err != nil || !got.AlreadyClosed {
		t.Errorf("again: %+v, %v", got, err)
	}
}

func TestCloseRefusals(t *testing.T) {
	for status, kind := range map[int]connector.Kind{
		400: connector.Rejected, 403: connector.Forbidden, 404: connector.NotFound, 429: connector.RateLimited, 500: connector.Transient,
	} {
		w := newWire(t, "9.1.0")
		d := &desk{status: "open"}
		d.onPatch = func(rw http.ResponseWriter) bool { refuse(rw, status, "words"); return true }
		d.serve(w)
		_, err := w.client(t).Close(t.Context(), "default", "c-1", kibana.CloseOptions{})
		wantKind(t, err, kind)
		if d.patches != 1 {
			t.Errorf("%d: %d writes: only conflicts are repeated", status, d.patches)
		}
	}
}

// An accepted write whose answer says nothing is looked up, not believed.
func TestCloseOddAnswers(t *testing.T) {
	for _, body := range []string{``, `{}`, `[]`, `[null]`, `[{"id":"c-2","status":"closed"}]`, `[{"id":7}]`} {
		w := newWire(t, "9.1.0")
		d := &desk{status: "open"}
		d.onPatch = func(rw http.ResponseWriter) bool {
			d.status = "closed"
			_, _ = rw.Write([]byte(body))
			return true
		}
		d.serve(w)
		got, err := w.client(t).Close(t.Context(), "default", "c-1", kibana.CloseOptions{})
		if err != nil || !got.Closed || d.patches != 1 {
			t.Errorf("%q: %+v, %v, %d writes", body, got, err, d.patches)
		}
	}
	for _, body := range []string{`[]`, `[{"id":"c-1","status":"open"}]`, `[{"id":"c-2","status":"closed"}]`} {
		w := newWire(t, "9.1.0")
		d := &desk{status: "open"}
		d.onPatch = func(rw http.ResponseWriter) bool { _, _ = rw.Write([]byte(body)); return true }
		d.serve(w)
		got, err := w.client(t).Close(t.Context(), "default", "c-1", kibana.CloseOptions{})
		if wantKind(t, err, connector.Conflict); got.Closed || d.patches != 5 {
			t.Errorf("%s: %+v, %d writes: the case is still open", body, got, d.patches)
		}
	}
}

func TestOwnUser(t *testing.T) {
	close := func(t *testing.T, o kibana.Options, user any) string {
		w := newWire(t, "9.1.0")
		d := &desk{status: "open", user: user}
		d.serve(w)
		o.URL = w.URL
		c := newClient(t, o)
		if _, err := c.Close(t.Context(), "default", "c-1", kibana.CloseOptions{}); err != nil {
			t.Fatal(err)
		}
		return c.OwnUser()
	}
	m := map[string]any{"username": "m"}
	for _, tt := range []struct {
		name    string
		options kibana.Options
		user    any
		want    string
	}{
		{"learnt", kibana.Options{APIKey: key()}, m, "m"},
		{"nobody in the answer", kibana.Options{APIKey: key()}, nil, ""},
		{"no name in the answer", kibana.Options{APIKey: key()}, map[string]any{"username": nil}, ""},
		{"given", kibana.Options{APIKey: key(), OwnUser: "casepush"}, m, "casepush"},
		{"basic", kibana.Options{Username: "robot", Password: key()}, m, "robot"},
	} {
		if got := close(t, tt.options, tt.user); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
