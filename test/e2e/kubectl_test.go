package e2e

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

var update = flag.Bool("update", false, "write the expected output in the scripts anew")

// TestKubectl runs each script in a namespace that is named after it.
func TestKubectl(t *testing.T) {
	t.Parallel()
	runScripts(t, sharedServer(t), "testdata/kubectl")
}

// TestKubectlCustomResources runs the scripts that add or remove resources.
// They use their own server, because the other scripts would see these
// resources.
func TestKubectlCustomResources(t *testing.T) {
	t.Parallel()
	runScripts(t, testserver.Start(t), "testdata/customresources")
}

func runScripts(t *testing.T, server *testserver.Server, dir string) {
	t.Helper()
	program, err := kubectl()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           dir,
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			ns := strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")
			ensureNamespace(t, server, ns)
			config := filepath.Join(env.WorkDir, ".kubeconfig")
			env.Setenv("NS", ns)
			env.Setenv("HOME", env.WorkDir) // kubectl stores its discovery cache in this directory
			env.Setenv("KUBECONFIG", config)
			env.Setenv("PATH", filepath.Dir(program)+string(filepath.ListSeparator)+env.Getenv("PATH"))
			return writeKubeconfig(server, ns, config)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"kubectl": runKubectl},
	})
}

func runKubectl(ts *testscript.TestScript, neg bool, args []string) {
	switch err := ts.Exec("kubectl", args...); {
	case err != nil && !neg:
		ts.Fatalf("kubectl failed: %v", err)
	case err == nil && neg:
		ts.Fatalf("kubectl succeeded")
	}
}

// writeKubeconfig writes a kubeconfig of the administrator for one namespace.
func writeKubeconfig(server *testserver.Server, namespace, file string) error {
	config, err := clientcmd.LoadFromFile(server.KubeconfigFile)
	if err != nil {
		return err
	}
	config.Contexts[config.CurrentContext].Namespace = namespace
	return clientcmd.WriteToFile(*config, file)
}
