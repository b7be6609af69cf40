package resilient

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/connector"
)

func TestEscape(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                             "",
		"a\r\nb\rc\n\nd":               "a<br>b<br>c<br><br>d",
		`<img src=x onerror="a('b')">`: "&lt;img src=x onerror=&#34;a(&#39;b&#39;)&#34;&gt;",
		"R&D &amp; <b>":                "R&amp;D &amp;amp; &lt;b&gt;",
	} {
		if got := escape(text); got != want {
			t.Errorf("escape(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"a<br>b<br/>c<BR />\nd":                       "a\nb\nc\nd",
		"<div class='rte'><p>One</p><p>Two</p></div>": "One\nTwo",
		"raw\nlines\nof Kibana":                       "raw\nlines\nof Kibana",
		"1 < 2 & 3 > 2 <b>bold</b>":                   "1 < 2 & 3 > 2 bold",
		"a <":                                         "a <",
		"a <b":                                        "a <b",
		"<>x<!-- c -->y":                              "<>xy",
		"no&nbsp;break &#64; &lt;b&gt;":               "no break @ <b>",
		"a<p>b</p>c<hr>d":                             "a\nb\nc\nd",
		"<ul><li>a</li><li>b</li></ul>c":              "a\nb\nc",
	} {
		if got := plain(source); got != want {
			t.Errorf("plain(%q) = %q, want %q", source, got, want)
		}
	}
}

// What is escaped reads as it was, whatever it is.
func TestEscapedReadsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab<>&;'\"/=#\n é漢😀"))).Draw(t, "text")
		got, want := plain(escape(text)), strings.TrimRight(text, "\n")
		if got != want {
			t.Fatalf("plain(escape(%q)) = %q", text, got)
		}
	})
}

var someCase = connector.CorrelationID{ConnectorID: "soc-soar", SpaceID: "default", CaseID: "c-81"}

func TestMark(t *testing.T) {
	t.Parallel()
	m := someCase.Mark()
	if !strings.HasPrefix(m, "kibana-case-c-81-") || len(m) != len("kibana-case-c-81-")+10 {
		t.Errorf("mark %q", m)
	}
	seen := map[string]bool{m: true}
	for _, id := range []connector.CorrelationID{
		{ConnectorID: "other", SpaceID: "default", CaseID: "c-81"},
		{ConnectorID: "soc-soar", SpaceID: "s", CaseID: "c-81"},
		{ConnectorID: "soc-soar", SpaceID: "default", CaseID: "c/81"},
		{ConnectorID: "soc-soar", SpaceID: "default", CaseID: strings.Repeat("x", 400)},
	} {
		got := id.Mark()
		if seen[got] || len(got) > 255 || !isMarkLine(markLine(got)) {
			t.Errorf("mark(%+v) = %q", id, got)
		}
		seen[got] = true
	}
	same := someCase
	if same.After = "2001"; same.Mark() != m {
		t.Error("After is no part of the mark")
	}
}

func TestMarkLine(t *testing.T) {
	t.Parallel()
	m, other := someCase.Mark(), connector.CorrelationID{CaseID: "c-82"}.Mark()
	for text, want := range map[string]string{
		"":                              markLine(m),
		"One.\nTwo.":                    "One.\nTwo.\n\n" + markLine(m),
		markLine(other):                 markLine(m),
		"a\n" + markLine(other) + "\nb": "a\nb\n\n" + markLine(m),
		"see " + markLine(other):        "see " + markLine(other) + "\n\n" + markLine(m),
	} {
		got := withMark(text, m)
		if got != want || withMark(got, m) != got || !hasMark(got, m) {
			t.Errorf("withMark(%q) = %q, want %q, once", text, got, want)
		}
		if hasMark(got, other) {
			t.Errorf("%q carries another case's mark", got)
		}
	}
	for _, line := range []string{"", linePrefix, "Elastic Case: x", linePrefix + "kibana-case-", linePrefix + "kibana-case-" + "x-1234567", linePrefix + m + "0", linePrefix + "kibana-case-" + "a b-0123456789", m} {
		if isMarkLine(line) {
			t.Errorf("%q passes for a mark's line", line)
		}
	}
	if text := "  kept \n as it is\n"; withoutMarks(text) != text {
		t.Errorf("a text without a mark becomes %q", withoutMarks(text))
	}
}

// An agent, or the server, may have written around and into the line.
func TestUnmarked(t *testing.T) {
	t.Parallel()
	m := someCase.Mark()
	for _, tc := range []struct{ format, content, want string }{
		{"html", "<b>One</b><br />Two<br /><br />" + markLine(m), "<b>One</b><br />Two"},
		{"html", "<p>One</p><br>\n<br/> " + markLine(m) + "<p>after</p>", "<p>One</p><p>after</p>"},
		{"html", "<b>One</b><br>Elastic Case: <i>" + m + "</i>", "One"},
		{"text", "One\nTwo\n\n" + markLine(m), "One\nTwo"},
		{"text", markLine(m) + "\nmore\n" + markLine(m), "\nmore"},
	} {
		c := content{Format: textFormat(tc.format), Content: tc.content}
		if !c.marked(m) {
			t.Errorf("%q: the mark is not seen", tc.content)
		}
		got := c.unmarked(m)
		if got.Content != tc.want || got.Format != c.Format || got.marked(m) {
			t.Errorf("unmarked(%q) = %+v, want %q", tc.content, got, tc.want)
		}
	}
	var none *content
	if none.marked(m) {
		t.Error("no description carries a mark")
	}
}
