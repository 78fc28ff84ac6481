package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// assets makes the links to the binary in a new directory, which it returns.
func assets(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "assets")
	got := succeeds(t, launch(t, "assets", dir))
	if want := "export KUBEBUILDER_ASSETS=" + dir + "\n"; got != want {
		t.Errorf("assets printed %q, want %q", got, want)
	}
	return dir
}

// launchNamed starts the binary by the name of one of the links.
func launchNamed(t testing.TB, assets, name string, args ...string) *process {
	t.Helper()
	return start(t, exec.Command(filepath.Join(assets, name), args...))
}

// launchWith starts the binary in a directory with additional variables of the
// environment, and without KUBECONFIG.
func launchWith(t testing.TB, dir string, variables []string, args ...string) *process {
	t.Helper()
	program, err := gatehouse()
	testutil.Check(t, err)
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	without := func(variable string) bool { return strings.HasPrefix(variable, "KUBECONFIG=") }
	cmd.Env = append(slices.DeleteFunc(os.Environ(), without), "HOME="+t.TempDir()) // kubectl stores its discovery cache there
	cmd.Env = append(cmd.Env, variables...)
	return start(t, cmd)
}

// succeeds waits until a process has ended with code 0 and returns what it has
// printed.
func succeeds(t testing.TB, p *process) string {
	t.Helper()
	if code := p.exit(); code != 0 {
		t.Fatalf("%v: exit code %d\n%s%s", p.cmd.Args, code, p.stdout.String(), p.stderr.String())
	}
	return p.stdout.String()
}
