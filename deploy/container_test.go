package deploy_test

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// instruction is one of a Dockerfile: its name in upper case and the rest.
type instruction struct{ name, args string }

// image is the Dockerfile in stages; a stage begins with its FROM.
type image struct{ stages [][]instruction }

func parseImage(t *testing.T) image {
	t.Helper()
	text := strings.ReplaceAll(read(t, "Dockerfile"), "\\\n", " ")
	var im image
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, args, _ := strings.Cut(line, " ")
		if name == "FROM" {
			im.stages = append(im.stages, nil)
		}
		if len(im.stages) == 0 {
			t.Fatalf("%q before the first FROM", line)
		}
		n := len(im.stages) - 1
		im.stages[n] = append(im.stages[n], instruction{name, strings.TrimSpace(args)})
	}
	if len(im.stages) != 2 {
		t.Fatalf("%d stages, want one that builds and one that runs", len(im.stages))
	}
	return im
}

func (im image) build() []instruction { return im.stages[0] }
func (im image) run() []instruction   { return im.stages[1] }

// all returns the arguments of every instruction of that name.
func all(stage []instruction, name string) []string {
	var args []string
	for _, i := range stage {
		if i.name == name {
			args = append(args, i.args)
		}
	}
	return args
}

// last is the one that is in effect when the image runs, "" if there is none.
func (im image) last(name string) string {
	args := all(im.run(), name)
	if len(args) == 0 {
		return ""
	}
	return args[len(args)-1]
}

func (im image) execForm(t *testing.T, name string) []string {
	t.Helper()
	var args []string
	if err := json.Unmarshal([]byte(im.last(name)), &args); err != nil || len(args) == 0 {
		t.Fatalf("%s %s: want a JSON list, there is no shell", name, im.last(name))
	}
	return args
}

func TestImageBuildsWithTheGoOfTheModule(t *testing.T) {
	m := regexp.MustCompile(`(?m)^go (1\.\d+)`).FindStringSubmatch(read(t, "../go.mod"))
	if m == nil {
		t.Fatal("go.mod has no go line")
	}
	if from := parseImage(t).build()[0].args; from != "golang:"+m[1]+" AS build" {
		t.Errorf("FROM %s, but the module needs go %s", from, m[1])
	}
}

func TestImageHasOneStaticBinary(t *testing.T) {
	im := parseImage(t)
	if from := im.run()[0].args; from != "scratch" {
		t.Fatalf("FROM %s, want scratch: nothing to patch", from)
	}
	commands := all(im.build(), "RUN")
	at := slices.IndexFunc(commands, func(c string) bool { return strings.Contains(c, "go build") })
	if at < 0 {
		t.Fatal("no go build")
	}
	build := strings.Fields(commands[at])
	for _, want := range []string{"CGO_ENABLED=0", "-trimpath", "./cmd/casepush"} {
		if !slices.Contains(build, want) {
			t.Errorf("%q lacks %s", commands[at], want)
		}
	}
	out := build[slices.Index(build, "-o")+1]
	binary := im.execForm(t, "ENTRYPOINT")[0]
	copies := copied(all(im.run(), "COPY"))
	if copies[binary] != out {
		t.Errorf("the image starts %s, which is copied from %q, but go build writes %s", binary, copies[binary], out)
	}
	const roots = "/etc/ssl/certs/ca-certificates.crt" // where crypto/x509 looks first
	if copies[roots] == "" {
		t.Errorf("no certificate authorities at %s", roots)
	}
}

// copied maps where each COPY --from=build goes to what it takes.
func copied(args []string) map[string]string {
	from := make(map[string]string)
	for _, a := range args {
		words := strings.Fields(a)
		paths := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return strings.HasPrefix(w, "--") })
		if len(paths) == 2 && slices.Contains(words, "--from=build") {
			from[paths[1]] = paths[0]
		}
	}
	return from
}

func TestImageRunsWithoutPrivileges(t *testing.T) {
	im := parseImage(t)
	user := im.last("USER")
	// By number: Kubernetes' runAsNonRoot cannot check a name.
	if !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(user) {
		t.Errorf("USER %q, want numbers that are not root's", user)
	}
	data := im.last("VOLUME")
	owned := "COPY --from=build --chown=" + user + " /out/data " + data
	if data == "" || data != im.last("WORKDIR") || !slices.Contains(all(im.run(), "COPY"), strings.TrimPrefix(owned, "COPY ")) {
		t.Errorf("VOLUME %q, WORKDIR %q: want the same folder, from %q", data, im.last("WORKDIR"), owned)
	}
	if config := im.execForm(t, "CMD"); !path.IsAbs(config[len(config)-1]) {
		t.Errorf("CMD %v: the configuration's path is relative to the volume", config)
	}
}

func TestImageHoldsNoSecretAndFetchesNothing(t *testing.T) {
	im := parseImage(t)
	for _, stage := range im.stages {
		for _, name := range []string{"ADD", "ARG", "ENV"} {
			if args := all(stage, name); len(args) > 0 {
				t.Errorf("%s %v: files are copied, settings come at run time", name, args)
			}
		}
	}
	for _, c := range all(im.build(), "RUN") {
		if strings.Contains(c, "curl") || strings.Contains(c, "wget") || strings.Contains(c, "apt") {
			t.Errorf("RUN %s: only Go modules are fetched", c)
		}
	}
}

// What is not named in the ignore file cannot reach the build: not .git, no
// configuration, no data that lies in the checkout.
func TestImageContextIsTheSourceAlone(t *testing.T) {
	var lines []string
	for line := range strings.Lines(read(t, "Dockerfile.dockerignore")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	want := []string{"*", "!go.mod", "!go.sum", "!adapters", "!cmd", "!internal", "**/*_test.go"}
	if !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
}
