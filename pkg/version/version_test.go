package version

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestSource(t *testing.T) {
	built := func(settings ...string) *debug.BuildInfo {
		info := &debug.BuildInfo{}
		for i := 0; i < len(settings); i += 2 {
			info.Settings = append(info.Settings, debug.BuildSetting{Key: settings[i], Value: settings[i+1]})
		}
		return info
	}
	const date = "2026-11-22T20:00:00Z"
	for _, test := range []struct {
		name string
		info *debug.BuildInfo
		want [3]string
	}{
		{"not built by the go command", nil, [3]string{}},
		{"not in a clone", built("GOOS", "linux"), [3]string{}},
		{"unchanged files", built("vcs.revision", "55eaf6e", "vcs.time", date, "vcs.modified", "false"), [3]string{"55eaf6e", "clean", date}},
		{"changed files", built("vcs.revision", "55eaf6e", "vcs.time", date, "vcs.modified", "true"), [3]string{"55eaf6e", "dirty", date}},
	} {
		commit, treeState, when := source(test.info, test.info != nil)
		if got := [3]string{commit, treeState, when}; got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestUserAgent(t *testing.T) {
	if got := UserAgent("kubectl"); !strings.HasPrefix(got, "kubectl/"+Kubernetes+" (") || !strings.Contains(got, ") kubernetes/") {
		t.Error(got)
	}
}
