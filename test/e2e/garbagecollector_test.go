package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/garbagecollector"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// family is a namespace whose objects own each other. An object is written as
// Kind/name, or as name if it is a config map; a prefix "other:" says that it is in a
// second namespace.
type family struct {
	t         testing.TB
	client    dynamic.Interface
	namespace string
	uids      map[string]types.UID
}

// familyKinds are the kinds of the objects of a family.
var familyKinds = map[string]struct {
	schema.GroupVersionResource
	clusterScoped bool
}{
	"ConfigMap":   {corev1.SchemeGroupVersion.WithResource("configmaps"), false},
	"ClusterRole": {rbacv1.SchemeGroupVersion.WithResource("clusterroles"), true},
	"Widget":      {schema.GroupVersionResource{Group: "collected.example.com", Version: "v1", Resource: "widgets"}, false},
}

func newFamily(t testing.TB, config *restclient.Config, namespace string) *family {
	t.Helper()
	c := kubernetes.NewForConfigOrDie(config)
	for _, name := range []string{namespace, namespace + "-other"} {
		_, err := c.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: named(name)}, metav1.CreateOptions{})
		testutil.Check(t, err)
	}
	return &family{t, dynamic.NewForConfigOrDie(config), namespace, map[string]types.UID{}}
}

// find returns the kind and the name of an object, and the client for it. The names of
// objects without a namespace begin with that of the family.
func (f *family) find(object string) (kind, name string, client dynamic.ResourceInterface) {
	namespace := f.namespace
	if other, ok := strings.CutPrefix(object, "other:"); ok {
		object, namespace = other, namespace+"-other"
	}
	kind, name, ok := strings.Cut(object, "/")
	if !ok {
		kind, name = "ConfigMap", object
	}
	resource := familyKinds[kind]
	if resource.clusterScoped {
		return kind, f.namespace + "-" + name, f.client.Resource(resource.GroupVersionResource)
	}
	return kind, name, f.client.Resource(resource.GroupVersionResource).Namespace(namespace)
}

// owners returns references to objects. A name is followed by "!" if the reference is
// blocking, and preceded by "group/version=" if that is not the owner's. The uid of an
// object that never was is its name.
func (f *family) owners(names []string) (refs []metav1.OwnerReference) {
	for _, name := range names {
		name, blocking := strings.CutSuffix(name, "!")
		apiVersion, owner, ok := strings.Cut(name, "=")
		if !ok {
			apiVersion, owner = "", name
		}
		kind, ownerName, _ := f.find(owner)
		if apiVersion == "" {
			apiVersion = familyKinds[kind].GroupVersion().String()
		}
		uid := f.uids[owner]
		if uid == "" {
			uid = types.UID(owner)
		}
		refs = append(refs, metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: ownerName, UID: uid, BlockOwnerDeletion: &blocking})
	}
	return refs
}

// do does what a text says:
//
//	create OBJECT [+FINALIZER] [OWNER...]
//	own OBJECT [OWNER...]        sets the owners
//	delete OBJECT [POLICY]
//	free OBJECT                  removes all finalizers
func (f *family) do(step string) {
	f.t.Helper()
	words := strings.Fields(step)
	kind, name, client := f.find(words[1])
	args := words[2:]
	switch words[0] {
	case "create":
		var finalizers []string
		for len(args) > 0 && args[0][0] == '+' {
			finalizers, args = append(finalizers, args[0][1:]), args[1:]
		}
		resource := familyKinds[kind]
		obj := &unstructured.Unstructured{}
		obj.SetGroupVersionKind(resource.GroupVersion().WithKind(kind))
		obj.SetName(name)
		obj.SetFinalizers(finalizers)
		obj.SetOwnerReferences(f.owners(args))
		obj, err := client.Create(f.t.Context(), obj, metav1.CreateOptions{})
		testutil.Check(f.t, err)
		f.uids[words[1]] = obj.GetUID()
	case "own":
		f.patch(client, name, map[string]any{"ownerReferences": f.owners(args)})
	case "delete":
		options := metav1.DeleteOptions{}
		if len(args) > 0 {
			options.PropagationPolicy = new(metav1.DeletionPropagation(args[0]))
		}
		testutil.Check(f.t, client.Delete(f.t.Context(), name, options))
	case "free":
		f.patch(client, name, map[string]any{"finalizers": nil})
	default:
		f.t.Fatalf("unknown step %q", step)
	}
}

func (f *family) patch(client dynamic.ResourceInterface, name string, metadata map[string]any) {
	f.t.Helper()
	data, err := json.Marshal(map[string]any{"metadata": metadata})
	testutil.Check(f.t, err)
	_, err = client.Patch(f.t.Context(), name, types.MergePatchType, data, metav1.PatchOptions{})
	testutil.Check(f.t, err)
}

// state describes the objects that are left, with their owners and finalizers. Those
// that are being deleted have a star.
func (f *family) state() string {
	var all []string
	objects := make([]string, 0, len(f.uids))
	for object := range f.uids {
		objects = append(objects, object)
	}
	slices.Sort(objects)
	for _, object := range objects {
		_, name, client := f.find(object)
		obj, err := client.Get(context.Background(), name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		testutil.Check(f.t, err)
		text := object
		if obj.GetDeletionTimestamp() != nil {
			text += "*"
		}
		for _, finalizer := range obj.GetFinalizers() {
			text += " +" + finalizer
		}
		for _, ref := range obj.GetOwnerReferences() {
			text += " " + strings.TrimPrefix(ref.Name, f.namespace+"-")
			if ref.BlockOwnerDeletion != nil && *ref.BlockOwnerDeletion {
				text += "!"
			}
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

// expect waits until the state is as wanted, and the controller has seen all objects that
// were created before: in each resource an object is collected whose owner never was.
func (f *family) expect(want string) {
	f.t.Helper()
	kinds := map[string]bool{}
	for object := range f.uids {
		kind, _, _ := f.find(object)
		kinds[kind] = true
	}
	for kind := range kinds {
		f.do("create " + kind + "/sentinel ClusterRole/never")
	}
	var state string
	defer func() {
		if f.t.Failed() {
			f.t.Logf("the state is %q, want %q", state, want)
		}
	}()
	eventually(f.t, want, func() bool {
		state = f.state()
		return state == want
	})
	for kind := range kinds {
		delete(f.uids, kind+"/sentinel")
	}
}

// widgetDefinition is the definition of the custom resource of families.
func widgetDefinition() *apiextensionsv1.CustomResourceDefinition {
	return definition("collected.example.com", "widgets", "Widget", `{"type": "object"}`)
}

var familyCases = []struct {
	name string
	// steps are what is done; a step "= STATE" waits for a state.
	steps []string
}{
	{"background", []string{"create a", "create b a", "create c b!", "create d a c", "delete a Background", "= "}},
	{"the default is background", []string{"create a", "create b a", "delete a", "= "}},
	{"an owner that never was", []string{"create a absent", "= "}},
	{"owners of which one is left", []string{"create a", "create b", "create c a b!", "create d absent a!", "delete a", "= b; c b!"}},
	{"a finalizer of another", []string{"create a", "create b +example.com/f a", "create c b", "delete a", "= b* +example.com/f a; c b", "free b", "= "}},
	{"foreground", []string{"create a", "create b +example.com/f a!", "create c +example.com/f b!", "create d a", "delete a Foreground",
		"= a* +foregroundDeletion; b* +example.com/f +foregroundDeletion a!; c* +example.com/f b!", "free c", "= a* +foregroundDeletion; b* +example.com/f a!",
		"free b", "= "}},
	{"foreground with a dependent that does not block", []string{"create a", "create b +example.com/f a", "delete a Foreground",
		"= b* +example.com/f a", "free b", "= "}},
	{"foreground without dependents", []string{"create a", "delete a Foreground", "= "}},
	{"foreground with a dependent of two", []string{"create a", "create b", "create c a! b!", "delete a Foreground", "= b; c b!"}},
	{"foreground with a dependent of one that is gone", []string{"create a", "create b a! absent!", "delete a Foreground", "= "}},
	{"a dependent that comes to an owner that waits", []string{"create a", "create b +example.com/f a!", "delete a Foreground",
		"= a* +foregroundDeletion; b* +example.com/f a!", "create c a!", "create d a", "free b", "= "}},
	{"a dependent that leaves an owner that waits", []string{"create a", "create b +example.com/f a!", "delete a Foreground",
		"= a* +foregroundDeletion; b* +example.com/f a!", "own b", "= b* +example.com/f", "free b", "= "}},
	{"a dependent that blocks no more", []string{"create a", "create b +example.com/f a!", "delete a Foreground",
		"= a* +foregroundDeletion; b* +example.com/f a!", "own b a", "= b* +example.com/f a", "free b", "= "}},
	{"orphan", []string{"create a", "create b a!", "create c b", "create d a b", "delete a Orphan", "= b; c b; d b"}},
	{"orphan without dependents", []string{"create a +example.com/f", "delete a Orphan", "= a* +example.com/f", "free a", "= "}},
	{"the finalizer of an object decides", []string{"create a", "create b +orphan a", "create c b", "delete a Background", "= c"}},
	{"the finalizer foregroundDeletion decides", []string{"create a", "create b +foregroundDeletion a", "create c +example.com/f b!", "delete a Background",
		"= b* +foregroundDeletion a; c* +example.com/f b!", "free c", "= "}},
	{"circle in the background", []string{"create a", "create b a!", "create c b!", "own a c!", "delete a Background", "= "}},
	{"circle in the foreground", []string{"create a", "create b a!", "create c b!", "own a c!", "delete a Foreground", "= "}},
	{"circle of two in the foreground", []string{"create a", "create b a!", "own a b!", "delete a Foreground", "= "}},
	{"its own owner", []string{"create a", "own a a!", "delete a Background", "= "}},
	{"its own owner in the foreground", []string{"create a", "own a a!", "delete a Foreground", "= a* +foregroundDeletion a!", "own a", "= "}},
	{"owner in another namespace", []string{"create other:a", "create b other:a", "= other:a"}},
	{"owner in another namespace, and another", []string{"create other:a", "create c", "create b other:a c", "= b c; c; other:a"}},
	{"cluster-scoped with an owner in a namespace", []string{"create a", "create ClusterRole/b a", "delete a", "= ClusterRole/b a"}},
	{"cluster-scoped with owners of both scopes", []string{"create a", "create ClusterRole/c", "create ClusterRole/b a ClusterRole/c",
		"delete ClusterRole/c", "= ClusterRole/b a c; a"}},
	{"cluster-scoped owner", []string{"create ClusterRole/a", "create b ClusterRole/a", "create other:c ClusterRole/a", "create ClusterRole/d ClusterRole/a",
		"delete ClusterRole/a", "= "}},
	{"another version of the owner", []string{"create a", "create b v9=a", "delete a", "= b a"}},
	{"another served version of the owner", []string{"create ClusterRole/a", "create b rbac.authorization.k8s.io/v1beta1=ClusterRole/a",
		"delete ClusterRole/a", "= b a"}},
	{"another kind with the same uid", []string{"create a", "create b example.com/v1=a", "= a; b a", "own b a", "delete a", "= "}},
	{"custom resources", []string{"create Widget/a", "create Widget/b Widget/a!", "create c +example.com/f Widget/b!",
		"= Widget/a; Widget/b a!; c +example.com/f b!", "delete Widget/a Foreground",
		"= Widget/a* +foregroundDeletion; Widget/b* +foregroundDeletion a!; c* +example.com/f b!", "free c", "= "}},
	{"orphan custom resources", []string{"create Widget/a", "create Widget/b Widget/a!", "create c Widget/a Widget/b",
		"= Widget/a; Widget/b a!; c a b", "delete Widget/a Orphan", "= Widget/b; c b"}},
}

// run does the steps of a case.
func (f *family) run(steps []string) {
	f.t.Helper()
	for _, step := range steps {
		f.t.Log(step)
		if want, ok := strings.CutPrefix(step, "= "); ok {
			f.expect(want)
		} else {
			f.do(step)
		}
	}
}

// TestGarbageCollector deletes owners in many ways, and waits for what is left.
func TestGarbageCollector(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: []string{"--controllers=" + garbagecollector.Name}})
	establish(t, s.Config, widgetDefinition())
	for i, test := range familyCases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			newFamily(t, s.Config, fmt.Sprintf("family-%d", i)).run(test.steps)
		})
	}
}

// TestGarbageCollectorOrder deletes a deployment with its replica set and pods in the
// foreground, and expects that each is gone after those that it owns.
func TestGarbageCollectorOrder(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: []string{"--controllers=" + garbagecollector.Name, "--disable-admission-plugins=ServiceAccount"}})
	c := kubernetes.NewForConfigOrDie(s.Config)
	owned := func(apiVersion, kind string, owner metav1.Object, name string) metav1.ObjectMeta {
		m := named(name)
		m.OwnerReferences = []metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: owner.GetName(), UID: owner.GetUID(), BlockOwnerDeletion: new(true)}}
		return m
	}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"a": "b"}}, Spec: pod("p").Spec}
	selector := &metav1.LabelSelector{MatchLabels: template.Labels}
	deployment, err := c.AppsV1().Deployments("default").Create(t.Context(), &appsv1.Deployment{ObjectMeta: named("d"),
		Spec: appsv1.DeploymentSpec{Selector: selector, Template: template}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	set, err := c.AppsV1().ReplicaSets("default").Create(t.Context(), &appsv1.ReplicaSet{ObjectMeta: owned("apps/v1", "Deployment", deployment, "r"),
		Spec: appsv1.ReplicaSetSpec{Selector: selector, Template: template}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	for _, name := range []string{"p1", "p2", "p3"} {
		p := pod(name)
		p.ObjectMeta = owned("apps/v1", "ReplicaSet", set, name)
		p.Finalizers = []string{"example.com/f"}
		_, err := c.CoreV1().Pods("default").Create(t.Context(), p, metav1.CreateOptions{})
		testutil.Check(t, err)
	}
	// When these are collected, the collector knows the others.
	never := &metav1.ObjectMeta{Name: "never", UID: "never"}
	p := pod("sentinel")
	p.ObjectMeta = owned("v1", "Pod", never, "sentinel")
	_, err = c.CoreV1().Pods("default").Create(t.Context(), p, metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = c.AppsV1().ReplicaSets("default").Create(t.Context(), &appsv1.ReplicaSet{ObjectMeta: owned("v1", "Pod", never, "sentinel"),
		Spec: appsv1.ReplicaSetSpec{Selector: selector, Template: template}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	eventually(t, "the objects without an owner are gone", func() bool {
		_, podErr := c.CoreV1().Pods("default").Get(t.Context(), "sentinel", metav1.GetOptions{})
		_, setErr := c.AppsV1().ReplicaSets("default").Get(t.Context(), "sentinel", metav1.GetOptions{})
		return apierrors.IsNotFound(podErr) && apierrors.IsNotFound(setErr)
	})
	testutil.Check(t, c.AppsV1().Deployments("default").Delete(t.Context(), "d", metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationForeground)}))
	for _, name := range []string{"p1", "p2", "p3"} {
		eventually(t, name+" is being deleted", func() bool {
			p, err := c.CoreV1().Pods("default").Get(t.Context(), name, metav1.GetOptions{})
			testutil.Check(t, err)
			return p.DeletionTimestamp != nil
		})
		set, err := c.AppsV1().ReplicaSets("default").Get(t.Context(), "r", metav1.GetOptions{})
		testutil.Check(t, err)
		deployment, err := c.AppsV1().Deployments("default").Get(t.Context(), "d", metav1.GetOptions{})
		testutil.Check(t, err)
		if set.DeletionTimestamp == nil || deployment.DeletionTimestamp == nil {
			t.Errorf("the replica set or the deployment is not being deleted before %s is gone", name)
		}
		_, err = c.CoreV1().Pods("default").Patch(t.Context(), name, types.MergePatchType, []byte(`{"metadata": {"finalizers": null}}`), metav1.PatchOptions{})
		testutil.Check(t, err)
	}
	eventually(t, "the deployment is gone", func() bool {
		_, err := c.AppsV1().Deployments("default").Get(t.Context(), "d", metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
	if _, err := c.AppsV1().ReplicaSets("default").Get(t.Context(), "r", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the replica set is there after its owner: %v", err)
	}
}

// TestGarbageCollectorRestart stops the server while deletions wait, and while the
// collector does not run.
func TestGarbageCollectorRestart(t *testing.T) {
	t.Parallel()
	dir := "--data-dir=" + t.TempDir()
	start := func(controllers string) *testserver.Server {
		s, err := testserver.New(t.Context(), testserver.Options{Flags: []string{dir, "--controllers=" + controllers}})
		testutil.Check(t, err)
		t.Cleanup(func() { testutil.Check(t, s.Stop()) })
		return s
	}
	s := start(garbagecollector.Name)
	f := newFamily(t, s.Config, "restart")
	f.run([]string{"create a", "create b +example.com/f a!", "create c b!", "create o", "create p o", "create g", "create h g", "delete a Foreground",
		"= a* +foregroundDeletion; b* +example.com/f a!; g; h g; o; p o"})
	testutil.Check(t, s.Stop())
	s = start("")
	f.client = dynamic.NewForConfigOrDie(s.Config)
	f.run([]string{"free b", "delete o Orphan", "delete g Background"})
	if want, got := "a* +foregroundDeletion; h g; o* +orphan; p o", f.state(); got != want {
		t.Errorf("without the collector: %q, want %q", got, want)
	}
	testutil.Check(t, s.Stop())
	s = start(garbagecollector.Name)
	f.client = dynamic.NewForConfigOrDie(s.Config)
	f.expect("p")
}

// TestGarbageCollectorDefinition deletes the definition of the objects' kind, and creates
// it again.
func TestGarbageCollectorDefinition(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: []string{"--controllers=" + garbagecollector.Name}})
	definitions := clientset.NewForConfigOrDie(s.Config).ApiextensionsV1().CustomResourceDefinitions()
	for _, namespace := range []string{"first", "second"} {
		crd := establish(t, s.Config, widgetDefinition())
		f := newFamily(t, s.Config, namespace)
		eventually(t, "widgets are served", func() bool {
			_, err := f.client.Resource(resourceOf(crd, "v1")).List(t.Context(), metav1.ListOptions{})
			return err == nil
		})
		f.run([]string{"create a", "create Widget/b a", "create c Widget/b", "delete a", "= ", "create Widget/d", "create e Widget/d"})
		testutil.Check(t, definitions.Delete(t.Context(), crd.Name, metav1.DeleteOptions{}))
		eventually(t, "the definition is gone", func() bool {
			_, err := definitions.Get(t.Context(), crd.Name, metav1.GetOptions{})
			return apierrors.IsNotFound(err)
		})
	}
}

// TestGarbageCollectorEvent refers to owners in another namespace, and to one in a
// namespace from an object without.
func TestGarbageCollectorEvent(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: []string{"--controllers=" + garbagecollector.Name}})
	f := newFamily(t, s.Config, "refers")
	f.run([]string{"create other:a", "create b other:a", "create ClusterRole/c other:a", "= ClusterRole/c a; other:a"})
	for _, test := range []struct{ name, namespace, dependent string }{
		{"owner in another namespace", "refers", "ConfigMap b"},
		{"owner in a namespace of an object without", "", "ClusterRole refers-c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := fmt.Sprintf("Warning OwnerRefInvalidNamespace %s: ownerRef [v1/ConfigMap, namespace: %s, name: a, uid: %s] does not exist in namespace %q",
				test.dependent, test.namespace, f.uids["other:a"], test.namespace)
			eventually(t, want, func() bool {
				list, err := kubernetes.NewForConfigOrDie(s.Config).CoreV1().Events("").List(t.Context(), metav1.ListOptions{})
				testutil.Check(t, err)
				return slices.ContainsFunc(list.Items, func(e corev1.Event) bool {
					return want == fmt.Sprintf("%s %s %s %s: %s", e.Type, e.Reason, e.InvolvedObject.Kind, e.InvolvedObject.Name, e.Message)
				})
			})
		})
	}
}
