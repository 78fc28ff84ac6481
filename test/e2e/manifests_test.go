package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

var helm = sync.OnceValues(func() (string, error) { return build("helm", "helm", "helm.sh/helm/v4/cmd/helm") })

// TestManifestsOfProjects installs existing projects whole, two by "kubectl apply"
// and two as charts by helm. No kind may be missing.
func TestManifestsOfProjects(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	dirs, home := downloadProjects(t), t.TempDir()
	run := func(program func() (string, error), args ...string) {
		t.Helper()
		path, err := program()
		testutil.Check(t, err)
		command := exec.CommandContext(t.Context(), path, append(args, "--kubeconfig="+s.KubeconfigFile)...)
		command.Env = append(os.Environ(), "HOME="+home)
		if output, err := command.CombinedOutput(); err != nil {
			t.Errorf("%s %v: %v\n%s", filepath.Base(path), args, err, output)
		}
	}
	ensureNamespace(t, s, "argocd")
	argo := filepath.Join(dirs["github.com/argoproj/argo-cd/v2"], "manifests/install.yaml")
	prometheus := filepath.Join(dirs["github.com/prometheus-operator/prometheus-operator"], "bundle.yaml")
	run(kubectl, "apply", "--server-side", "--namespace=argocd", "--filename="+argo)
	run(kubectl, "apply", "--server-side", "--filename="+prometheus)

	certManager := filepath.Join(dirs["github.com/cert-manager/cert-manager"], "deploy/charts/cert-manager")
	crossplane := filepath.Join(dirs["github.com/crossplane/crossplane"], "cluster/charts/crossplane")
	// The check of the start waits for pods, which nobody runs here.
	run(helm, "install", "cert-manager", certManager, "--namespace=cert-manager", "--create-namespace",
		"--set=crds.enabled=true", "--set=startupapicheck.enabled=false")
	run(helm, "install", "crossplane", crossplane, "--namespace=crossplane", "--create-namespace")
	run(helm, "upgrade", "crossplane", crossplane, "--namespace=crossplane", "--set=replicas=2")
	run(helm, "uninstall", "crossplane", "--namespace=crossplane")

	client := kubernetes.NewForConfigOrDie(s.Config)
	for namespace, want := range map[string]int{"argocd": 6, "cert-manager": 3, "crossplane": 0, "default": 1} {
		list, err := client.AppsV1().Deployments(namespace).List(t.Context(), metav1.ListOptions{})
		testutil.Check(t, err)
		if len(list.Items) != want {
			t.Errorf("%s has %d deployments, want %d", namespace, len(list.Items), want)
		}
	}
}
