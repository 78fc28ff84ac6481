package e2e

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/server"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

var (
	wardle   = schema.GroupVersion{Group: "wardle.example.com", Version: "v1alpha1"}
	flunders = wardle.WithResource("flunders")
	fischers = wardle.WithResource("fischers")
)

// sampleAPIServer runs k8s.io/sample-apiserver without changes, and returns its
// process. As a service account it asks our server to authenticate and
// authorize its users, and for the webhooks and policies. It stores its objects in
// our etcd.
func sampleAPIServer(t testing.TB, s *testserver.Server, etcd string, flags ...string) *exec.Cmd {
	t.Helper()
	program, err := sampleServer()
	testutil.Check(t, err)
	dir, address := t.TempDir(), freeAddress(t)
	host, port, err := net.SplitHostPort(address)
	testutil.Check(t, err)
	cert, key, _, err := s.IssueServing("wardle-example-com.kube-system.svc")
	testutil.Check(t, err)
	for name, data := range map[string][]byte{"tls.crt": cert, "tls.key": key} {
		testutil.Check(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	kubeconfig := filepath.Join(dir, "kubeconfig")
	accountKubeconfig(t, s, "wardle", kubeconfig)
	cmd := exec.CommandContext(t.Context(), program, append(flags, "--bind-address="+host, "--secure-port="+port, "--etcd-servers="+etcd,
		"--tls-cert-file="+filepath.Join(dir, "tls.crt"), "--tls-private-key-file="+filepath.Join(dir, "tls.key"),
		"--kubeconfig="+kubeconfig, "--authentication-kubeconfig="+kubeconfig, "--authorization-kubeconfig="+kubeconfig)...)
	log := &output{}
	cmd.Stdout, cmd.Stderr = log, log
	testutil.Check(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	testutil.Check(t,
		s.RegisterAPI(ctx, server.API{GroupVersions: []schema.GroupVersion{wardle, {Group: wardle.Group, Version: "v1beta1"}}, URL: "https://" + address}))
	return cmd
}

// accountKubeconfig writes a kubeconfig of a service account with the rights
// that an aggregated API server needs.
func accountKubeconfig(t testing.TB, s *testserver.Server, name, file string) {
	t.Helper()
	ctx, client := t.Context(), kubernetes.NewForConfigOrDie(s.Config)
	_, err := client.CoreV1().ServiceAccounts("default").Create(ctx, &corev1.ServiceAccount{ObjectMeta: named(name)}, metav1.CreateOptions{})
	testutil.Check(t, err)
	subjects := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: name}}
	_, err = client.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: named(name), Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get", "list", "watch"}},
		{APIGroups: []string{"flowcontrol.apiserver.k8s.io"}, Resources: []string{"flowschemas", "prioritylevelconfigurations"},
			Verbs: []string{"get", "list", "watch"}},
		{APIGroups: []string{"admissionregistration.k8s.io"}, Resources: []string{"*"}, Verbs: []string{"get", "list", "watch"}},
	}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	for _, role := range []string{name, "system:auth-delegator"} {
		_, err = client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: named(name + ":" + role), Subjects: subjects,
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role}}, metav1.CreateOptions{})
		testutil.Check(t, err)
	}
	_, err = client.RbacV1().RoleBindings("kube-system").Create(ctx, &rbacv1.RoleBinding{ObjectMeta: named(name), Subjects: subjects,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "extension-apiserver-authentication-reader"}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	token, err := client.CoreV1().ServiceAccounts("default").CreateToken(ctx, name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	testutil.Check(t, err)
	config, err := clientcmd.LoadFromFile(s.KubeconfigFile)
	testutil.Check(t, err)
	user := config.AuthInfos[config.Contexts[config.CurrentContext].AuthInfo]
	user.ClientCertificateData, user.ClientKeyData, user.Token = nil, nil, token.Status.Token
	testutil.Check(t, clientcmd.WriteToFile(*config, file))
}

func flunder(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": wardle.String(), "kind": "Flunder", "metadata": map[string]any{"name": name},
		"spec": map[string]any{"reference": "a-fischer", "referenceType": "Fischer"},
	}}
}

// TestSampleAPIServer runs the Kubernetes project's example of an aggregated
// API server, without changes.
func TestSampleAPIServer(t *testing.T) {
	t.Parallel()
	etcd := "http://" + freeAddress(t)
	s := testserver.Start(t, testserver.Options{Flags: []string{"--embedded-etcd-listen-client-url=" + etcd}})
	process := sampleAPIServer(t, s, etcd)
	ensureNamespace(t, s, "pond")
	client := dynamic.NewForConfigOrDie(s.Config)
	pond := client.Resource(flunders).Namespace("pond")

	t.Run("kubectl", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "flunder.yaml")
		testutil.Check(t, os.WriteFile(file, []byte("apiVersion: wardle.example.com/v1alpha1\nkind: Flunder\nmetadata: {name: one, labels: {a: b}}\n"), 0o600))
		for _, step := range []struct{ args, want string }{
			{"api-resources --api-group=wardle.example.com", "flunders"},
			{"create -f " + file, "flunder.wardle.example.com/one created"},
			{"get flunders -l a=b -o name", "flunder.wardle.example.com/one"},
			{"label flunder one c=d", "flunder.wardle.example.com/one labeled"},
			{"apply --server-side --force-conflicts -f " + file, "flunder.wardle.example.com/one serverside-applied"},
			{"explain flunder.spec", "FIELDS:"},
			{"delete flunder one", `flunder.wardle.example.com "one" deleted`},
			{"get apiservices v1alpha1.wardle.example.com", "kube-system/wardle-example-com   True"},
		} {
			if out := runProgram(t, s, "pond", strings.Fields(step.args)...); !strings.Contains(out, step.want) {
				t.Errorf("kubectl %s: %s", step.args, out)
			}
		}
	})
	t.Run("watch", func(t *testing.T) {
		w, err := pond.Watch(t.Context(), metav1.ListOptions{})
		testutil.Check(t, err)
		defer w.Stop()
		_, err = pond.Create(t.Context(), flunder("watched"), metav1.CreateOptions{})
		testutil.Check(t, err)
		if event := next(t, w); event.Object.(*unstructured.Unstructured).GetName() != "watched" {
			t.Errorf("%v", event)
		}
	})
	t.Run("server-side apply", func(t *testing.T) {
		_, err := pond.Apply(t.Context(), "watched", flunder("watched"), metav1.ApplyOptions{FieldManager: "one", Force: true})
		testutil.Check(t, err)
		changed := flunder("watched")
		testutil.Check(t, unstructured.SetNestedField(changed.Object, "another", "spec", "reference"))
		if _, err = pond.Apply(t.Context(), "watched", changed, metav1.ApplyOptions{FieldManager: "two"}); !apierrors.IsConflict(err) {
			t.Errorf("no conflict: %v", err)
		}
	})
	t.Run("admission of its own", func(t *testing.T) {
		ban := &unstructured.Unstructured{Object: map[string]any{"apiVersion": wardle.String(), "kind": "Fischer",
			"metadata": map[string]any{"name": "f"}, "disallowedFlunders": []any{"banned"}}}
		_, err := client.Resource(fischers).Create(t.Context(), ban, metav1.CreateOptions{})
		testutil.Check(t, err)
		eventually(t, "the name is refused", func() bool {
			_, err := pond.Create(t.Context(), flunder("banned"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "this name may not be used")
		})
	})
	t.Run("RBAC", func(t *testing.T) { checkFlunderRights(t, s) })
	t.Run("documents", func(t *testing.T) {
		for path, want := range map[string]string{
			"/openapi/v2": "/apis/wardle.example.com/v1alpha1/namespaces/{namespace}/flunders",
			"/openapi/v3": "/openapi/v3/apis/wardle.example.com/v1alpha1?hash=",
			"/openapi/v3/apis/wardle.example.com/v1alpha1": "/apis/wardle.example.com/v1alpha1/namespaces/{namespace}/flunders",
			"/openapi/v3/apis/apps/v1":                     "/apis/apps/v1/namespaces/{namespace}/deployments",
		} {
			if data := document(t, s.Config, path); !strings.Contains(data, want) {
				t.Errorf("%s lacks %s: %.300s", path, want, data)
			}
		}
		var v2 struct{ Definitions map[string]any }
		testutil.Check(t, json.Unmarshal([]byte(document(t, s.Config, "/openapi/v2")), &v2))
		for _, name := range []string{"io.k8s.api.apps.v1.Deployment", "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService"} {
			if v2.Definitions[name] == nil {
				t.Errorf("there is no definition %s", name)
			}
		}
	})
	t.Run("without the server", func(t *testing.T) {
		testutil.Check(t, process.Process.Kill())
		_, err := pond.List(t.Context(), metav1.ListOptions{})
		if !apierrors.IsServiceUnavailable(err) {
			t.Errorf("flunders: %v", err)
		}
		_, err = kubernetes.NewForConfigOrDie(s.Config).CoreV1().ConfigMaps("pond").List(t.Context(), metav1.ListOptions{})
		testutil.Check(t, err)
	})
}

// checkFlunderRights checks that our RBAC rules decide about access to
// flunders; the aggregated server asks our server about them, too.
func checkFlunderRights(t *testing.T, s *testserver.Server) {
	t.Helper()
	as := restclient.CopyConfig(s.Config)
	as.Impersonate = restclient.ImpersonationConfig{UserName: "jane"}
	pond := dynamic.NewForConfigOrDie(as).Resource(flunders).Namespace("pond")
	if _, err := pond.List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("without a role: %v", err)
	}
	ctx, admin := t.Context(), kubernetes.NewForConfigOrDie(s.Config)
	_, err := admin.RbacV1().Roles("pond").Create(ctx, &rbacv1.Role{ObjectMeta: named("reader"), Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{wardle.Group}, Resources: []string{"flunders"}, Verbs: []string{"list"}}}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = admin.RbacV1().RoleBindings("pond").Create(ctx, &rbacv1.RoleBinding{ObjectMeta: named("reader"),
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "jane"}},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "reader"}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	eventually(t, "the role is good for a list", func() bool {
		_, err := pond.List(ctx, metav1.ListOptions{})
		return err == nil
	})
	_, err = pond.Patch(ctx, "watched", types.MergePatchType, []byte(`{}`), metav1.PatchOptions{})
	if !apierrors.IsForbidden(err) {
		t.Errorf("a patch: %v", err)
	}
}

// runProgram runs kubectl in a namespace and returns its output.
func runProgram(t testing.TB, s *testserver.Server, namespace string, args ...string) string {
	t.Helper()
	program, err := kubectl()
	testutil.Check(t, err)
	cmd := exec.CommandContext(t.Context(), program, append(args, "--kubeconfig="+s.KubeconfigFile, "--namespace="+namespace)...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		return err.Error() + ": " + string(out)
	}
	return string(out)
}

// document reads the JSON document at a path.
func document(t testing.TB, config *restclient.Config, path string) string {
	t.Helper()
	return string(send(t, config, request{path: path, headers: []string{"Accept", "application/json"}}).body)
}
