// Package deploy_test checks the files that people install.
package deploy_test

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// unit is a systemd unit: the values of each "Section.Key", in order.
type unit map[string][]string

// parseUnit reads the syntax of systemd.syntax(7) that our unit uses: no
// continuation lines, no quoting.
func parseUnit(text string) (unit, error) {
	u, section := make(unit), ""
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		key, value, assigns := strings.Cut(line, "=")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			section = strings.Trim(line, "[]")
			if !slices.Contains([]string{"Unit", "Service", "Install"}, section) {
				return nil, fmt.Errorf("line %d: a service has no section %q", n+1, section)
			}
		case section == "" || !assigns || strings.HasSuffix(line, `\`):
			return nil, fmt.Errorf("line %d: no assignment in a section: %q", n+1, line)
		default:
			name := section + "." + key
			if len(u[name]) > 0 && !slices.Contains(lists, key) {
				return nil, fmt.Errorf("line %d: %s is set twice", n+1, key)
			}
			u[name] = append(u[name], value)
		}
	}
	return u, nil
}

// lists are the keys that may be set several times.
var lists = []string{"SystemCallFilter", "LoadCredential", "Documentation", "After", "Wants"}

func (u unit) get(name string) string { return strings.Join(u[name], " ") }

// wantUnit has every key of the unit but texts for people: systemd ignores a
// key that it does not know, so a misspelt one would protect nobody.
var wantUnit = map[string]string{
	"Unit.Wants":                       "network-online.target",
	"Unit.After":                       "network-online.target",
	"Unit.StartLimitIntervalSec":       "0",
	"Service.Type":                     "simple", // nothing sends READY=1
	"Service.ExecStart":                "/usr/local/bin/casepush run -c /etc/casepush/casepush.yaml",
	"Service.Restart":                  "on-failure",
	"Service.RestartSec":               "2s", // kill -9 to working again: < 10 s
	"Service.RestartPreventExitStatus": "2 3",
	"Service.KillSignal":               "SIGTERM",
	"Service.TimeoutStopSec":           "90s",
	"Service.DynamicUser":              "yes",
	"Service.StateDirectory":           "casepush",
	"Service.StateDirectoryMode":       "0700",
	"Service.WorkingDirectory":         "%S/casepush",
	"Service.UMask":                    "0077",
	"Service.CapabilityBoundingSet":    "",
	"Service.AmbientCapabilities":      "",
	"Service.NoNewPrivileges":          "yes",
	"Service.ProtectSystem":            "strict",
	"Service.ProtectHome":              "yes",
	"Service.PrivateTmp":               "yes",
	"Service.PrivateDevices":           "yes",
	"Service.PrivateUsers":             "yes",
	"Service.ProtectClock":             "yes",
	"Service.ProtectControlGroups":     "yes",
	"Service.ProtectHostname":          "yes",
	"Service.ProtectKernelLogs":        "yes",
	"Service.ProtectKernelModules":     "yes",
	"Service.ProtectKernelTunables":    "yes",
	"Service.ProtectProc":              "invisible",
	"Service.ProcSubset":               "pid",
	"Service.LockPersonality":          "yes",
	"Service.MemoryDenyWriteExecute":   "yes",
	"Service.RemoveIPC":                "yes",
	"Service.RestrictAddressFamilies":  "AF_INET AF_INET6 AF_UNIX",
	"Service.RestrictNamespaces":       "yes",
	"Service.RestrictRealtime":         "yes",
	"Service.RestrictSUIDSGID":         "yes",
	"Service.SystemCallArchitectures":  "native",
	"Service.SystemCallFilter":         "@system-service ~@privileged @resources",
	"Service.SystemCallErrorNumber":    "EPERM", // Go tries setrlimit at start and goes on without
	"Service.LimitNOFILE":              "65536",
	"Service.LimitCORE":                "0", // a core would hold the secrets
	"Install.WantedBy":                 "multi-user.target",
}

func TestUnit(t *testing.T) {
	u, err := parseUnit(read(t, "casepush.service"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"Unit.Description", "Unit.Documentation"} {
		if u.get(text) == "" {
			t.Errorf("%s is missing", text)
		}
		delete(u, text)
	}
	for name, want := range wantUnit {
		if got := u.get(name); got != want || u[name] == nil {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	for name := range u {
		if _, ok := wantUnit[name]; !ok {
			t.Errorf("%s is new: say here what it should be", name)
		}
	}
}

// The examples are commented out, since a missing file would keep the service
// from starting; they must work when the "#" is removed.
func TestUnitCredentials(t *testing.T) {
	text := read(t, "casepush.service")
	u, err := parseUnit(strings.ReplaceAll(text, "\n#LoadCredential=", "\nLoadCredential="))
	if err != nil {
		t.Fatal(err)
	}
	credentials := u["Service.LoadCredential"]
	if len(credentials) == 0 {
		t.Fatal("no example of LoadCredential")
	}
	form := regexp.MustCompile(`^([a-z_]+):/etc/casepush/credentials/([a-z_]+)$`)
	for _, c := range credentials {
		m := form.FindStringSubmatch(c)
		if m == nil || m[1] != m[2] {
			t.Errorf("LoadCredential=%s: want ID:/etc/casepush/credentials/ID", c)
		}
	}
	if id, _, _ := strings.Cut(credentials[0], ":"); !strings.Contains(text, "{credential: "+id+"}") {
		t.Errorf("the unit does not show how the configuration names %s", id)
	}
}

func TestParseUnitRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"a key outside any section": "Type=simple",
		"another section":           "[Socket]\n",
		"no assignment":             "[Unit]\nDescription",
		"a key twice":               "[Service]\nType=simple\nType=notify",
		"a continued line":          "[Service]\nExecStart=a \\\n b",
	} {
		if _, err := parseUnit(text); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// The unit and the image start the same command.
func TestUnitAndImageAgree(t *testing.T) {
	u, err := parseUnit(read(t, "casepush.service"))
	if err != nil {
		t.Fatal(err)
	}
	image := parseImage(t)
	command := append(image.execForm(t, "ENTRYPOINT"), image.execForm(t, "CMD")...)
	if got := strings.Join(command, " "); got != u.get("Service.ExecStart") {
		t.Errorf("the image starts %q, the unit %q", got, u.get("Service.ExecStart"))
	}
	if workdir := image.last("WORKDIR"); path.Base(workdir) != u.get("Service.StateDirectory") {
		t.Errorf("the image works in %q, the unit in %q", workdir, u.get("Service.StateDirectory"))
	}
}
