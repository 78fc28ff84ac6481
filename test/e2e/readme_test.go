package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/loops"
)

// walkBlock matches the blocks of shell commands in README.md that are run.
var walkBlock = regexp.MustCompile("(?ms)^```shell walk\n(.*?)^```$")

func readme(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	testutil.Check(t, err)
	return string(text)
}

// TestReadme runs the marked blocks of README.md, one after the other in one
// shell, beside a server that was started as it says.
func TestReadme(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("bash")
	testutil.Check(t, err)
	program, err := gatehouse()
	testutil.Check(t, err)
	var script strings.Builder
	blocks := walkBlock.FindAllStringSubmatch(readme(t), -1)
	for _, block := range blocks {
		script.WriteString(block[1])
	}
	if len(blocks) < 4 {
		t.Fatalf("README.md has %d blocks of shell commands to run", len(blocks))
	}
	dir := t.TempDir()
	ready(t, launchIn(t, dir, "--secure-port="+freePort(t)))
	cmd := exec.Command(shell, "-euxo", "pipefail", "-c", script.String())
	cmd.Dir = dir
	isKubeconfig := func(variable string) bool { return strings.HasPrefix(variable, "KUBECONFIG=") }
	path := filepath.Dir(program) + string(filepath.ListSeparator) + os.Getenv("PATH")
	// kubectl stores its discovery cache at home.
	cmd.Env = append(slices.DeleteFunc(os.Environ(), isKubeconfig), "HOME="+t.TempDir(), "PATH="+path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"kube-apiserver\n", "kube-system ", "hello: world", "deployment.apps/web scaled", "sites.example.com serverside-applied",
		`namespace "demo" deleted`, "jane", "etcd 3.7.",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the commands do not print %q:\n%s", want, out)
		}
	}
}

// TestReadmeControllers checks that README.md names every controller that the
// server has.
func TestReadmeControllers(t *testing.T) {
	text := readme(t)
	for _, name := range loops.All().Names() {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("README.md does not name %s", name)
		}
	}
}
