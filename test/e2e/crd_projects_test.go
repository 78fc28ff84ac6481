package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// projectFiles are the definitions of each module of crds/go.mod.
var projectFiles = map[string]string{
	"github.com/argoproj/argo-cd/v2":                     "manifests/crds/*-crd.yaml",
	"github.com/cert-manager/cert-manager":               "deploy/crds/*.yaml",
	"github.com/crossplane/crossplane":                   "cluster/crds/*.yaml",
	"github.com/prometheus-operator/prometheus-operator": "example/prometheus-operator-crd/*.yaml",
	"sigs.k8s.io/cluster-api":                            "core/config/crd/bases/*.yaml",
	"sigs.k8s.io/gateway-api":                            "config/crd/experimental/*.yaml",
}

// TestDefinitionsOfProjects makes the definitions of real projects, one valid
// object of each kind and one that is not.
func TestDefinitionsOfProjects(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	ensureNamespace(t, s, "projects")
	for path, dir := range downloadProjects(t) {
		files, err := filepath.Glob(filepath.Join(dir, projectFiles[path]))
		testutil.Check(t, err)
		if len(files) < 3 {
			t.Errorf("%s has %d files %s", path, len(files), projectFiles[path])
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			testutil.Check(t, err)
			var crd apiextensionsv1.CustomResourceDefinition
			testutil.Check(t, yaml.Unmarshal(data, &crd))
			if crd.Kind == "CustomResourceDefinition" {
				t.Run(crd.Name, func(t *testing.T) { tryDefinition(t, s, &crd) })
			}
		}
	}
}

// downloadProjects returns the folders of the modules, by path.
func downloadProjects(t *testing.T) map[string]string {
	t.Helper()
	run := func(into any, args ...string) {
		command := exec.CommandContext(t.Context(), "go", args...)
		command.Dir, command.Stderr = "crds", os.Stderr
		output, err := command.Output()
		if err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, output)
		}
		testutil.Check(t, json.Unmarshal(output, into))
	}
	var mod struct {
		Require []struct{ Path, Version string }
	}
	run(&mod, "mod", "edit", "-json")
	dirs := map[string]string{}
	for _, m := range mod.Require {
		var downloaded struct{ Dir string }
		run(&downloaded, "mod", "download", "-json", m.Path+"@"+m.Version)
		dirs[m.Path] = downloaded.Dir
	}
	return dirs
}

func tryDefinition(t *testing.T, s *testserver.Server, crd *apiextensionsv1.CustomResourceDefinition) {
	// Webhooks of projects do not run here.
	crd.Spec.Conversion = nil
	crd = establish(t, s.Config, crd)
	client := dynamic.NewForConfigOrDie(s.Config)
	for _, v := range crd.Spec.Versions {
		if !v.Served {
			continue
		}
		resource := dynamic.ResourceInterface(client.Resource(resourceOf(crd, v.Name)))
		if crd.Spec.Scope == apiextensionsv1.NamespaceScoped {
			resource = client.Resource(resourceOf(crd, v.Name)).Namespace("projects")
		}
		object, wrong := exampleOf(crd, v)
		if _, err := resource.Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
			text, _ := json.Marshal(object.Object)
			t.Errorf("%s: %v\n%s", v.Name, err, text)
		}
		if _, err := resource.Create(t.Context(), wrong, metav1.CreateOptions{}); !apierrors.IsInvalid(err) {
			t.Errorf("%s: an object of a wrong shape: %v", v.Name, err)
		}
	}
}
