package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

const root = "../../"

func readme(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(root + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// Every command line of ours in the documents is one that the program takes:
// with --help added, words and flags are read and nothing is done.
func TestCommandsInDocuments(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(root + "docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range append(files, root+"README.md", root+"CONTRIBUTING.md") {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range shellBlock.FindAllStringSubmatch(string(b), -1) {
			for line := range strings.Lines(block[1]) {
				found += checkLine(t, file, strings.TrimSpace(line))
			}
		}
	}
	if found < 6 {
		t.Errorf("%d commands found", found)
	}
}

// checkLine returns 1 if the line calls casepush or a target of the Makefile.
func checkLine(t *testing.T, file, line string) int {
	t.Helper()
	line, _, _ = strings.Cut(line, " #")
	words := strings.Fields(line)
	for len(words) > 0 && strings.Contains(words[0], "=") {
		words = words[1:] // variables
	}
	switch {
	case len(words) > 1 && words[0] == "make":
		makefile, err := os.ReadFile(root + "Makefile")
		if err != nil || !regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(words[1])+`:`).Match(makefile) {
			t.Errorf("%s: %s: no such target (%v)", file, line, err)
		}
		return 1
	case len(words) > 2 && words[0] == "go" && words[1] == "run" && words[2] == "./cmd/casepush":
		words = words[3:]
	case len(words) > 0 && (words[0] == "casepush" || words[0] == "./casepush"):
		words = words[1:]
	default:
		return 0
	}
	var out bytes.Buffer
	a := &app{out: &out, err: &out}
	if code := a.exit(a.run(t.Context(), append(slices.Clone(words), "--help"))); code != exitDone {
		t.Errorf("%s: %s: exit code %d\n%s", file, line, code, &out)
	}
	return 1
}

// The README lists all commands and the exit codes.
func TestReadmeListsCommands(t *testing.T) {
	t.Parallel()
	text := readme(t)
	var have []string
	for _, c := range (&app{}).commands() {
		have = append(have, c.Name())
		checkParts(t, text, c)
	}
	var listed []string
	for _, m := range regexp.MustCompile("(?m)^\\| `casepush ([a-z]+)` \\|").FindAllStringSubmatch(text, -1) {
		listed = append(listed, m[1])
	}
	slices.Sort(have)
	slices.Sort(listed)
	if !slices.Equal(have, listed) {
		t.Errorf("the README lists %q, the program has %q", listed, have)
	}
	for code := exitDone; code <= exitUncertain; code++ {
		if !strings.Contains(text, "\n| "+string(rune('0'+code))+" | ") {
			t.Errorf("exit code %d is not in the README", code)
		}
	}
}

// checkParts: a command with parts of its own names them in its row.
func checkParts(t *testing.T, text string, c *cobra.Command) {
	t.Helper()
	row := regexp.MustCompile("(?m)^\\| `casepush " + c.Name() + "` \\|.*$").FindString(text)
	for _, part := range c.Commands() {
		if !strings.Contains(row, "`"+part.Name()+"`") {
			t.Errorf("%s %s is not in the README's row %q", c.Name(), part.Name(), row)
		}
	}
}

var port = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// excerptOf finds the README's lines of the demo that this output does not have.
func excerptOf(readme, output string) (missing []string) {
	words := func(s string) string {
		return strings.Join(strings.Fields(port.ReplaceAllString(s, "127.0.0.1:port")), " ")
	}
	block := regexp.MustCompile("(?s)```text\n(SAMPLE.*?)```").FindStringSubmatch(readme)
	if block == nil {
		return []string{"the excerpt itself"}
	}
	var lines []string
	for line := range strings.Lines(output) {
		lines = append(lines, words(line))
	}
	for line := range strings.Lines(block[1]) {
		begin := words(line)
		if !slices.ContainsFunc(lines, func(have string) bool { return strings.HasPrefix(have, begin) }) {
			missing = append(missing, line)
		}
	}
	return missing
}
