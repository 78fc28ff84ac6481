package app

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

func TestNameOf(t *testing.T) {
	for path, want := range map[string]string{
		"kubectl": "kubectl", "/opt/bin/etcd": "etcd", "./kube-apiserver.exe": "kube-apiserver", "KUBECTL.EXE": "KUBECTL",
		"gatehouse-1.2": "gatehouse-1.2", "kube-apiserver.old": "kube-apiserver.old",
	} {
		if got := nameOf(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestQuoted(t *testing.T) {
	for text, want := range map[string]string{
		"/tmp/a-b_c": "/tmp/a-b_c", "": "''", "/my files": "'/my files'", "it's": `'it'\''s'`, "$HOME": "'$HOME'",
	} {
		if got := quoted(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestCompletesKubectl(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want int // arguments for kubectl
	}{
		{"of kubectl", []string{"__complete", "kubectl", "get", ""}, 4},
		{"without descriptions", []string{"__completeNoDesc", "kubectl", "g"}, 3},
		{"of the name kubectl", []string{"__complete", "kubectl"}, 0},
		{"of another command", []string{"__complete", "version", ""}, 0},
		{"no completion", []string{"kubectl", "get", "pods"}, 0},
	} {
		if got, ok := completesKubectl(test.args); len(got) != test.want || ok != (test.want > 0) {
			t.Errorf("%s: %q, %v", test.name, got, ok)
		}
	}
}

// TestReplaceable asks for files that gatehouse assets may meet.
func TestReplaceable(t *testing.T) {
	own, err := os.Executable()
	testutil.Check(t, err)
	other, err := filepath.EvalSymlinks("/bin/sh")
	testutil.Check(t, err)
	dir := t.TempDir()
	for _, test := range []struct {
		name string
		make func(file string) error
		want bool
	}{
		{"nothing", func(string) error { return nil }, true},
		{"link", func(file string) error { return os.Symlink(own, file) }, true},
		{"copy", func(file string) error { return copyFile(file, own) }, true},
		{"link to an earlier binary", func(file string) error { return os.Symlink("/gone/"+filepath.Base(own), file) }, true},
		{"link to another program", func(file string) error { return os.Symlink(other, file) }, false},
		{"link to nothing", func(file string) error { return os.Symlink("/gone/other", file) }, false},
		{"copy of another program", func(file string) error { return copyFile(file, other) }, false},
		{"directory", func(file string) error { return os.Mkdir(file, 0o700) }, false},
	} {
		file := filepath.Join(dir, test.name)
		testutil.Check(t, test.make(file))
		if got := replaceable(file, own); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
