package e2e

import (
	"os"
	"os/exec"
	"testing"
)

// TestEnvtest runs a suite of unmodified envtest on the binary.
func TestEnvtest(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("go", "test", "-count=1", "./...")
	cmd.Dir = "../envtest"
	cmd.Env = append(os.Environ(), "KUBEBUILDER_ASSETS="+assets(t))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
