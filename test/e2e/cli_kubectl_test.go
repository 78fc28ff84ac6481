package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestGatehouseKubectl runs kubectl as a subcommand and by its name, in the
// working directory of a server and elsewhere.
func TestGatehouseKubectl(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	ready(t, launchIn(t, dir, "--secure-port="+freePort(t)))
	kubeconfig := filepath.Join(dir, ".gatehouse", "admin.kubeconfig")
	plugins := t.TempDir()
	testutil.Check(t, os.WriteFile(filepath.Join(plugins, "kubectl-greet"), []byte("#!/bin/sh\necho hello $1 $KUBECONFIG\n"), 0o700))
	path := "PATH=" + plugins + string(filepath.ListSeparator) + os.Getenv("PATH")

	for _, test := range []struct {
		name, dir string
		variables []string
		args      []string
		code      int
		output    string
	}{
		{"as the administrator", dir, nil, []string{"get", "namespace", "default", "-o", "name"}, 0, "namespace/default\n"},
		{"with KUBECONFIG", elsewhere, []string{"KUBECONFIG=" + kubeconfig}, []string{"auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"}, 0,
			"kubernetes-admin"},
		{"with --kubeconfig", elsewhere, nil, []string{"--kubeconfig", kubeconfig, "get", "namespace", "default", "-o", "name"}, 0, "namespace/default\n"},
		{"elsewhere", elsewhere, nil, []string{"config", "view", "-o", "jsonpath={.clusters}"}, 0, "null"},
		{"a plugin", dir, []string{path}, []string{"greet", "you"}, 0, "hello you " + kubeconfig + "\n"},
		{"an unknown command", dir, nil, []string{"greet"}, 1, `unknown command "greet" for "kubectl"`},
		{"an error", dir, nil, []string{"get", "namespace", "nowhere"}, 1, `Error from server (NotFound): namespaces "nowhere" not found`},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := launchWith(t, test.dir, test.variables, append([]string{"kubectl"}, test.args...)...)
			code := p.exit()
			if output := p.stdout.String() + p.stderr.String(); code != test.code || !strings.Contains(output, test.output) {
				t.Errorf("exit code %d, want %d with %q:\n%s", code, test.code, test.output, output)
			}
		})
	}

	t.Run("versions", func(t *testing.T) {
		out := succeeds(t, launchWith(t, dir, nil, "kubectl", "version", "-o", "json"))
		var got struct {
			ClientVersion, ServerVersion struct{ GitVersion string }
			KustomizeVersion             string
		}
		testutil.Check(t, json.Unmarshal([]byte(out), &got))
		if got.ClientVersion.GitVersion == "" || got.ClientVersion != got.ServerVersion || got.KustomizeVersion == "" {
			t.Errorf("%+v", got)
		}
		p := launchWith(t, dir, nil, "kubectl", "version")
		if succeeds(t, p); p.stderr.String() != "" {
			t.Errorf("kubectl warns of its own version: %s", p.stderr.String())
		}
	})
	t.Run("completion", func(t *testing.T) {
		out := succeeds(t, launchWith(t, dir, nil, "__complete", "kubectl", "get", "namespace", "kube-s"))
		if !strings.HasPrefix(out, "kube-system\n") {
			t.Errorf("the shell can complete %q", out)
		}
	})
	t.Run("by its own name", func(t *testing.T) {
		p := launchNamed(t, assets(t), "kubectl", "--kubeconfig", kubeconfig, "get", "namespace", "kube-system", "-o", "name")
		if out := succeeds(t, p); out != "namespace/kube-system\n" {
			t.Errorf("kubectl printed %q", out)
		}
	})
}

// TestGatehouseVersion prints the version of everything that is in the binary.
func TestGatehouseVersion(t *testing.T) {
	t.Parallel()
	if out := succeeds(t, launch(t, "version")); !strings.Contains(out, "Kubernetes v1.37.") || !strings.Contains(out, "etcd 3.7.") {
		t.Errorf("version prints %q", out)
	}
	var got struct {
		Gatehouse, Etcd string
		Kubernetes      struct{ GitVersion, Platform string }
	}
	testutil.Check(t, json.Unmarshal([]byte(succeeds(t, launch(t, "version", "-o", "json"))), &got))
	if got.Gatehouse == "" || got.Etcd == "" || !strings.HasSuffix(got.Kubernetes.GitVersion, "gatehouse."+got.Gatehouse) || got.Kubernetes.Platform == "" {
		t.Errorf("version -o json prints %+v", got)
	}
	fails(t, "--output must be json or yaml", "version", "-o", "table")
}

// TestSubcommands checks that the help lists the subcommands, that they have a
// help of their own, and that shells get a completion script.
func TestSubcommands(t *testing.T) {
	t.Parallel()
	help := succeeds(t, launch(t, "--help"))
	for _, name := range []string{"assets", "completion", "kubeconfig", "kubectl", "version"} {
		if !strings.Contains(help, "\n  "+name+" ") {
			t.Errorf("--help does not list %s", name)
		}
	}
	if out := succeeds(t, launch(t, "kubeconfig", "--help")); !strings.Contains(out, "--group") || strings.Contains(out, "--etcd-servers") {
		t.Errorf("the help of kubeconfig: %s", out)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out := succeeds(t, launch(t, "completion", shell)); !strings.Contains(out, "gatehouse") {
			t.Errorf("completion for %s: %s", shell, out)
		}
	}
	if out := succeeds(t, launch(t, "__complete", "--secure-p")); !strings.HasPrefix(out, "--secure-port") {
		t.Errorf("the shell can complete %q", out)
	}
}
