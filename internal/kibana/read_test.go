package kibana_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
)

// thread is the comments of case c-1 behind a wire, oldest first.
type thread struct {
	ids     []string
	version int
	hidden  int            // attachments that count and are not listed
	before  func(page int) // runs before a page is answered
	raw     []string       // the queries of the head
}

func (th *thread) add(ids ...string) { th.ids, th.version = append(th.ids, ids...), th.version+1 }

func (th *thread) remove(id string) {
	th.ids = slices.DeleteFunc(th.ids, func(x string) bool { return x == id })
	th.version++
}

// serve answers head and pages. The tests are sequential, so there is no lock.
func (th *thread) serve(w *wire) {
	w.mux.HandleFunc("GET /api/cases/c-1", func(rw http.ResponseWriter, r *http.Request) {
		th.raw = append(th.raw, r.URL.RawQuery)
		give(rw, map[string]any{"id": "c-1", "version": kibana.FormatVersion(int64(th.version), 1)})
	})
	w.mux.HandleFunc("GET /api/cases/c-1/comments/_find", func(rw http.ResponseWriter, r *http.Request) {
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		size, _ := strconv.Atoi(r.URL.Query().Get("perPage"))
		if size > 100 || page*size > 10_000 || r.URL.Query().Get("sortOrder") != "asc" {
			refuse(rw, 400, "bad page")
			return
		}
		if th.before != nil {
			th.before(page)
		}
		from := min(len(th.ids), (page-1)*size)
		list := []any{}
		for i, id := range th.ids[from:min(len(th.ids), from+size)] {
			at := time.Date(2026, 1, 1, 0, 0, from+i, 0, time.UTC)
			list = append(list, map[string]any{"id": id, "type": "user", "comment": "text " + id, "version": "v", "created_at": at})
		}
		give(rw, map[string]any{"comments": list, "page": page, "per_page": size, "total": len(th.ids) + th.hidden})
	})
}

func numbered(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("c%05d", i)
	}
	return ids
}

func readIDs(t *testing.T, c *kibana.Client) []string {
	t.Helper()
	got, err := c.Case(t.Context(), "default", "c-1", kibana.What{Comments: true})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, comment := range got.Comments {
		ids = append(ids, comment.ID)
	}
	return ids
}

func TestCommentsInPages(t *testing.T) {
	for _, n := range []int{0, 1, 99, 100, 101, 250, 10_000} {
		th := &thread{ids: numbered(n)}
		w := newWire(t, "9.1.0")
		th.serve(w)
		if got := readIDs(t, w.client(t)); !slices.Equal(got, th.ids) {
			t.Errorf("%d comments: got %d", n, len(got))
		}
		if pages := w.asked("GET", "/api/cases/c-1/comments/_find"); pages != max(1, (n+99)/100) {
			t.Errorf("%d comments: %d pages", n, pages)
		}
	}
}

func TestCommentsThatChangeWhilePaging(t *testing.T) {
	for name, change := range map[string]func(*thread){
		"added":                 func(th *thread) { th.add("late") },
		"removed":               func(th *thread) { th.remove("c00003") },
		"removed, same version": func(th *thread) { th.remove("c00003"); th.version-- },
		"removed and added":     func(th *thread) { th.remove("c00003"); th.add("late") },
		"inserted before":       func(th *thread) { th.ids = slices.Insert(th.ids, 5, "early"); th.version++ },
	} {
		t.Run(name, func(t *testing.T) {
			th := &thread{ids: numbered(250)}
			once := false
			th.before = func(page int) {
				if page == 2 && !once {
					once = true
					change(th)
				}
			}
			w := newWire(t, "9.1.0")
			th.serve(w)
			if got := readIDs(t, w.client(t)); !slices.Equal(got, th.ids) {
				t.Errorf("got %d comments, want the %d that are there", len(got), len(th.ids))
			}
		})
	}
}

func TestCommentsThatNeverRest(t *testing.T) {
	th := &thread{ids: numbered(150)}
	n := 0
	th.before = func(page int) {
		if page == 2 {
			n++
			th.add(fmt.Sprintf("late%d", n))
		}
	}
	w := newWire(t, "9.1.0")
	th.serve(w)
	_, err := w.client(t).Case(t.Context(), "default", "c-1", kibana.What{Comments: true})
	if e := wantKind(t, err, connector.Transient); e.Effect != connector.NotApplied || n != 5 {
		t.Errorf("%v after %d readings, want 5", e, n)
	}
}

// A total that counts what we may not see must not hold up the case.
func TestCommentsWithHiddenOnes(t *testing.T) {
	for _, n := range []int{0, 3, 150} {
		th := &thread{ids: numbered(n), hidden: 7}
		w := newWire(t, "9.1.0")
		th.serve(w)
		if got := readIDs(t, w.client(t)); !slices.Equal(got, th.ids) {
			t.Errorf("%d comments: got %d", n, len(got))
		}
	}
}

func TestCommentsOutOfOrderAndDoubled(t *testing.T) {
	w := newWire(t, "9.1.0")
	w.json("GET /api/cases/c-1", `{"id":"c-1"}`)
	w.mux.HandleFunc("GET /api/cases/c-1/comments/_find", func(rw http.ResponseWriter, r *http.Request) {
		list := []any{}
		if r.URL.Query().Get("page") == "1" {
			for _, id := range []string{"3", "1", "2", "1"} {
				list = append(list, map[string]any{"id": id, "type": "user", "created_at": "2026-01-01T00:00:0" + id + "Z"})
			}
		}
		give(rw, map[string]any{"comments": list, "total": 4})
	})
	if got := readIDs(t, w.client(t)); !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("got %q", got)
	}
}

func TestTooManyComments(t *testing.T) {
	th := &thread{ids: numbered(3), hidden: 9_998}
	w := newWire(t, "9.1.0")
	th.serve(w)
	_, err := w.client(t).Case(t.Context(), "default", "c-1", kibana.What{Comments: true})
	wantKind(t, err, connector.Rejected)
}

func TestCommentsAnswersThatAreNoList(t *testing.T) {
	for _, body := range []string{
		`{}`, `null`, `[]`, `{"comments":null,"total":0}`, `{"comments":{}}`, ``, `<html></html>`,
		`{"comments":[{"id":"1","type":"user","comment":{}}],"total":1}`,
	} {
		w := newWire(t, "9.1.0")
		w.json("GET /api/cases/c-1", `{"id":"c-1"}`)
		w.json("GET /api/cases/c-1/comments/_find", body)
		_, err := w.client(t).Case(t.Context(), "default", "c-1", kibana.What{Comments: true})
		wantKind(t, err, connector.Transient)
	}
}

func TestIncludeCommentsByVersion(t *testing.T) {
	for version, want := range map[string]string{
		"7.17.0": "includeComments=false", "8.18.2": "includeComments=false", "9.0.0": "", "10.1.0-SNAPSHOT": "", "": "",
	} {
		th := &thread{ids: numbered(2)}
		w := newWire(t, version)
		th.serve(w)
		c := w.client(t)
		for range 2 {
			readIDs(t, c)
		}
		if th.raw[0] != want {
			t.Errorf("%q: query %q, want %q", version, th.raw[0], want)
		}
		if n := w.asked("GET", "/api/status"); n != 1 {
			t.Errorf("%q: asked %d times for the version, want 1", version, n)
		}
	}
}

// Kibana may be upgraded while its version is remembered.
func TestUpgradeWhileRunning(t *testing.T) {
	w := newWire(t, "8.18.0")
	w.mux.HandleFunc("GET /api/cases/c-1", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "" {
			refuse(rw, 400, "[request query.includeComments]: unknown")
			return
		}
		give(rw, map[string]any{"id": "c-1"})
	})
	c := w.client(t)
	for range 2 {
		if _, err := c.Case(t.Context(), "default", "c-1", kibana.What{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.asked("GET", "/api/status"); n != 2 {
		t.Errorf("asked %d times for the version, want again after the refusal", n)
	}
}

func TestVersionThatIsNotTold(t *testing.T) {
	for name, tt := range map[string]struct {
		answer  http.HandlerFunc
		version string
		fails   bool
	}{
		"forbidden": {func(rw http.ResponseWriter, _ *http.Request) { refuse(rw, 403, "no") }, "", false},
		"redacted":  {func(rw http.ResponseWriter, _ *http.Request) { give(rw, map[string]any{"status": map[string]any{}}) }, "", false},
		"odd":       {func(rw http.ResponseWriter, _ *http.Request) { give(rw, []int{1}) }, "", false},
		"odd number": {func(rw http.ResponseWriter, _ *http.Request) {
			give(rw, map[string]any{"version": map[string]any{"number": "nine"}})
		}, "", false},
		"told": {func(rw http.ResponseWriter, _ *http.Request) {
			give(rw, map[string]any{"version": map[string]any{"number": "9.1.3-SNAPSHOT"}})
		}, "9.1.3-SNAPSHOT", false},
		"overloaded":  {func(rw http.ResponseWriter, _ *http.Request) { refuse(rw, 503, "no") }, "", true},
		"rate limits": {func(rw http.ResponseWriter, _ *http.Request) { refuse(rw, 429, "no") }, "", true},
	} {
		w := newWire(t, "9.1.0")
		w.mux.HandleFunc("GET /base/api/status", tt.answer)
		c := newClient(t, kibana.Options{URL: w.URL + "/base", Username: "u", Password: key()})
		version, err := c.Version(t.Context())
		if version != tt.version || (err != nil) != tt.fails {
			t.Errorf("%s: %q, %v", name, version, err)
		}
	}
}

func TestForeign404(t *testing.T) {
	w := newWire(t, "9.1.0")
	w.mux.HandleFunc("GET /api/cases/c-1", func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(404)
		_, _ = rw.Write([]byte("<html>nginx</html>"))
	})
	_, err := w.client(t).Case(t.Context(), "default", "c-1", kibana.What{})
	if e := wantKind(t, err, connector.Transient); !strings.Contains(e.Error(), "not Kibana's own answer") {
		t.Error(e)
	}
}
