package e2e

import (
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

func TestDryRun(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	c, ctx := client.CoreV1().ConfigMaps(ns), t.Context()
	all := []string{metav1.DryRunAll}
	created, err := c.Create(ctx, configMap("not"), metav1.CreateOptions{DryRun: all})
	if err != nil || created.UID == "" {
		t.Errorf("create: %v, %v", created, err)
	}
	if _, err := c.Get(ctx, "not", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("a dry create has written: %v", err)
	}
	kept := create(t, client, ns, "kept")
	changed := kept.DeepCopy()
	changed.Data = map[string]string{"a": "b"}
	if got, err := c.Update(ctx, changed, metav1.UpdateOptions{DryRun: all}); err != nil || got.Data["a"] != "b" {
		t.Errorf("update: %v, %v", got, err)
	}
	if _, err := c.Patch(ctx, "kept", types.MergePatchType, []byte(`{"data":{"a":"b"}}`), metav1.PatchOptions{DryRun: all}); err != nil {
		t.Errorf("patch: %v", err)
	}
	if err := c.Delete(ctx, "kept", metav1.DeleteOptions{DryRun: all}); err != nil {
		t.Errorf("delete: %v", err)
	}
	if err := c.DeleteCollection(ctx, metav1.DeleteOptions{DryRun: all}, metav1.ListOptions{}); err != nil {
		t.Errorf("delete collection: %v", err)
	}
	if got, err := c.Get(ctx, "kept", metav1.GetOptions{}); err != nil || got.ResourceVersion != kept.ResourceVersion {
		t.Errorf("after dry runs: %v, %v", got, err)
	}
	if _, err := c.Create(ctx, configMap("not"), metav1.CreateOptions{DryRun: []string{"Some"}}); !apierrors.IsInvalid(err) {
		t.Errorf("an unknown dry run: %v", err)
	}
}

// warnings collects the warnings that client-go passes to a warning handler.
type warnings struct {
	sync.Mutex
	texts []string
}

func (w *warnings) HandleWarningHeader(_ int, _, text string) {
	w.Lock()
	defer w.Unlock()
	w.texts = append(w.texts, text)
}

func TestFieldValidation(t *testing.T) {
	s, _, ns := sharedNamespace(t)
	const body = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"v-"},"data":{"a":"b","a":"c"},"dat":{}}`
	const unknown, duplicate = `unknown field "dat"`, `duplicate field "data.a"`
	for mode, want := range map[string][]string{"": {unknown, duplicate}, "Ignore": nil, "Warn": {unknown, duplicate}, "Strict": nil} {
		var got warnings
		config := restclient.CopyConfig(s.Config)
		config.WarningHandler = &got
		request := kubernetes.NewForConfigOrDie(config).CoreV1().RESTClient().Post().AbsPath("/api/v1/namespaces", ns, "configmaps")
		if mode != "" {
			request = request.Param("fieldValidation", mode)
		}
		err := request.SetHeader("Content-Type", "application/json").Body([]byte(body)).Do(t.Context()).Error()
		if mode == "Strict" {
			if !apierrors.IsBadRequest(err) || !strings.Contains(err.Error(), unknown) || !strings.Contains(err.Error(), duplicate) {
				t.Errorf("strict: %v", err)
			}
		} else if err != nil {
			t.Errorf("%q: %v", mode, err)
		}
		if len(got.texts) != len(want) {
			t.Errorf("%q: warnings %q", mode, got.texts)
		}
		for _, text := range want {
			if !strings.Contains(strings.Join(got.texts, "\n"), text) {
				t.Errorf("%q: warnings %q lack %q", mode, got.texts, text)
			}
		}
	}
}

func TestGenerateName(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	seen := map[string]bool{}
	for range 10 {
		c, err := client.CoreV1().ConfigMaps(ns).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "some-"}}, metav1.CreateOptions{})
		testutil.Check(t, err)
		if !strings.HasPrefix(c.Name, "some-") || len(c.Name) != len("some-")+5 || seen[c.Name] {
			t.Errorf("generated %q", c.Name)
		}
		seen[c.Name] = true
	}
	if _, err := client.CoreV1().ConfigMaps(ns).Create(t.Context(), &corev1.ConfigMap{}, metav1.CreateOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("without any name: %v", err)
	}
}

func TestPreconditions(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	c, ctx := client.CoreV1().ConfigMaps(ns), t.Context()
	object := create(t, client, ns, "app")
	for name, wrong := range map[string]metav1.Preconditions{
		"uid":     {UID: ptr.To(types.UID("other"))},
		"version": {ResourceVersion: ptr.To("1")},
	} {
		if err := c.Delete(ctx, "app", metav1.DeleteOptions{Preconditions: &wrong}); !apierrors.IsConflict(err) {
			t.Errorf("deletion with another %s: %v", name, err)
		}
	}
	if _, err := c.Patch(ctx, "app", types.MergePatchType, []byte(`{"metadata":{"resourceVersion":"1"},"data":{"a":"b"}}`),
		metav1.PatchOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("a patch of another version: %v", err)
	}
	right := metav1.Preconditions{UID: &object.UID, ResourceVersion: &object.ResourceVersion}
	if err := c.Delete(ctx, "app", metav1.DeleteOptions{Preconditions: &right}); err != nil {
		t.Errorf("deletion with what is there: %v", err)
	}
}

func TestPatches(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	ctx := t.Context()
	_, err := client.CoreV1().Pods(ns).Create(ctx, pod("web"), metav1.CreateOptions{})
	testutil.Check(t, err)
	for _, tt := range []struct {
		name string
		kind types.PatchType
		body string
		want func(*corev1.Pod) bool
		err  func(error) bool
	}{
		{name: "strategic merges lists by key", kind: types.StrategicMergePatchType, body: `{"spec":{"containers":[{"name":"main","image":"nginx:2"}]}}`,
			want: func(p *corev1.Pod) bool {
				return len(p.Spec.Containers) == 1 && p.Spec.Containers[0].Image == "nginx:2" && p.Spec.Containers[0].TerminationMessagePath != ""
			}},
		{name: "merge replaces lists", kind: types.MergePatchType, body: `{"spec":{"containers":[{"name":"other","image":"nginx"}]}}`, err: apierrors.IsInvalid},
		{name: "merge", kind: types.MergePatchType, body: `{"metadata":{"labels":{"a":"b"}}}`, want: func(p *corev1.Pod) bool { return p.Labels["a"] == "b" }},
		{name: "json", kind: types.JSONPatchType,
			body: `[{"op":"test","path":"/metadata/labels/a","value":"b"},{"op":"replace","path":"/metadata/labels/a","value":"c"}]`,
			want: func(p *corev1.Pod) bool { return p.Labels["a"] == "c" }},
		{name: "json with a failing test", kind: types.JSONPatchType, body: `[{"op":"test","path":"/metadata/labels/a","value":"b"}]`, err: apierrors.IsInvalid},
		{name: "json that is none", kind: types.JSONPatchType, body: `{"a":"b"}`, err: apierrors.IsBadRequest},
		{name: "apply", kind: types.ApplyPatchType, body: "apiVersion: v1\nkind: Pod\nmetadata: {labels: {b: c}}",
			want: func(p *corev1.Pod) bool { return p.Labels["b"] == "c" && p.Labels["a"] == "c" }},
		{name: "apply to a field of another", kind: types.ApplyPatchType, body: "apiVersion: v1\nkind: Pod\nmetadata: {labels: {a: z}}", err: apierrors.IsConflict},
		{name: "apply that withdraws", kind: types.ApplyPatchType, body: "apiVersion: v1\nkind: Pod",
			want: func(p *corev1.Pod) bool { _, has := p.Labels["b"]; return !has }},
		{name: "apply of another kind", kind: types.ApplyPatchType, body: "apiVersion: v1\nkind: ConfigMap", err: apierrors.IsBadRequest},
		{name: "unknown type", kind: "application/what", body: "{}", err: apierrors.IsUnsupportedMediaType},
	} {
		options := metav1.PatchOptions{FieldManager: "e2e-" + strings.SplitN(tt.name, " ", 2)[0]}
		got, err := client.CoreV1().Pods(ns).Patch(ctx, "web", tt.kind, []byte(tt.body), options)
		switch {
		case tt.err != nil && (err == nil || !tt.err(err)):
			t.Errorf("%s: error %v", tt.name, err)
		case tt.err == nil && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != nil && !tt.want(got):
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	if _, err := client.CoreV1().Pods(ns).Patch(ctx, "web", types.ApplyPatchType, []byte("{}"), metav1.PatchOptions{}); err == nil {
		t.Error("apply without a field manager was accepted")
	}
}

// TestApplyToStatusOfNothing applies the status of objects that do not exist. That creates a
// ValidatingAdmissionPolicy, as in kube-apiserver, and nothing else.
func TestApplyToStatusOfNothing(t *testing.T) {
	t.Parallel()
	client := kubernetes.NewForConfigOrDie(testserver.Start(t).Config)
	options := metav1.PatchOptions{FieldManager: "m"}
	body := `{"apiVersion":"v1","kind":"Node","metadata":{"name":"new"},"status":{"phase":"Running"}}`
	if _, err := client.CoreV1().Nodes().Patch(t.Context(), "new", types.ApplyPatchType, []byte(body), options, "status"); !apierrors.IsNotFound(err) {
		t.Errorf("node: %v, want that it is not found", err)
	}
	body = `{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy","metadata":{"name":"new"},"spec":{"validations":[{"expression":"true"}],
		"matchConstraints":{"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["*"],"resources":["pods"]}]}}}`
	policies := client.AdmissionregistrationV1().ValidatingAdmissionPolicies()
	_, err := policies.Patch(t.Context(), "new", types.ApplyPatchType, []byte(body), options, "status")
	testutil.Check(t, err)
	_, err = policies.Get(t.Context(), "new", metav1.GetOptions{})
	testutil.Check(t, err)
}
