package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

const plainSchema = `{"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string","default":"b"}}}}}`

// TestEstablishedMeansServed uses a resource in every way as soon as its
// definition is Established. Everything must be available at that time.
func TestEstablishedMeansServed(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	ensureNamespace(t, s, "now")
	client := dynamic.NewForConfigOrDie(s.Config)
	for i := range 10 {
		group := fmt.Sprintf("now%d.example.com", i)
		crd := establish(t, s.Config, definition(group, "things", "Thing", plainSchema))
		for _, look := range []struct{ path, accept, want string }{
			{"/apis", asJSON, `"` + group + `"`},
			{"/apis", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", `"` + group + `"`},
			{"/apis/" + group, asJSON, `"v1"`},
			{"/apis/" + group + "/v1", asJSON, `"things"`},
			{"/openapi/v3", asJSON, `"apis/` + group + `/v1"`},
			{"/openapi/v3/apis/" + group + "/v1", asJSON, `"Thing"`},
			{"/openapi/v2", asJSON, `com.example.` + strings.TrimSuffix(group, ".example.com") + `.v1.Thing"`},
		} {
			if r := send(t, s.Config, request{path: look.path, headers: []string{"Accept", look.accept}}); r.code != http.StatusOK ||
				!strings.Contains(string(r.body), look.want) {
				t.Errorf("%s (%s): %d, without %s", look.path, look.accept, r.code, look.want)
			}
		}
		things := client.Resource(resourceOf(crd, "v1")).Namespace("now")
		list, err := things.List(t.Context(), metav1.ListOptions{LabelSelector: "a=b"})
		testutil.Check(t, err)
		w, err := things.Watch(t.Context(), metav1.ListOptions{ResourceVersion: list.GetResourceVersion()})
		testutil.Check(t, err)
		made, err := things.Create(t.Context(), custom(crd, "v1", "one", map[string]any{}), metav1.CreateOptions{})
		testutil.Check(t, err)
		if a, _, _ := unstructured.NestedString(made.Object, "spec", "a"); a != "b" {
			t.Errorf("the default is missing: %v", made.Object)
		}
		if event := next(t, w); event.Object.(*unstructured.Unstructured).GetName() != "one" {
			t.Errorf("the watch sent %v", event)
		}
		w.Stop()
	}
}

// TestDefinitionGoesAndComesBack deletes a definition while a finalizer keeps
// one of its instances, and then creates it again.
func TestDefinitionGoesAndComesBack(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	ensureNamespace(t, s, "gone")
	crds := clientset.NewForConfigOrDie(s.Config).ApiextensionsV1().CustomResourceDefinitions()
	crd := establish(t, s.Config, definition("gone.example.com", "things", "Thing", plainSchema))
	things := dynamic.NewForConfigOrDie(s.Config).Resource(resourceOf(crd, "v1")).Namespace("gone")
	held := custom(crd, "v1", "held", map[string]any{})
	held.SetFinalizers([]string{"example.com/hold"})
	_, err := things.Create(t.Context(), held, metav1.CreateOptions{})
	testutil.Check(t, err)

	testutil.Check(t, crds.Delete(t.Context(), crd.Name, metav1.DeleteOptions{}))
	eventually(t, "creation is forbidden", func() bool {
		_, err := things.Create(t.Context(), custom(crd, "v1", "late", map[string]any{}), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "create not allowed while custom resource definition is terminating")
	})
	resources, err := discovery.NewDiscoveryClientForConfigOrDie(s.Config).ServerResourcesForGroupVersion("gone.example.com/v1")
	testutil.Check(t, err)
	if verbs := resources.APIResources[0].Verbs; slices.Contains(verbs, "create") {
		t.Errorf("a resource that ends has the verbs %v", verbs)
	}
	_, err = things.Patch(t.Context(), "held", "application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	testutil.Check(t, err)
	eventually(t, "the definition is gone", func() bool {
		_, err := crds.Get(t.Context(), crd.Name, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
	eventually(t, "the resource is gone", func() bool {
		r := send(t, s.Config, request{path: "/apis/gone.example.com/v1/things"})
		g := send(t, s.Config, request{path: "/apis/gone.example.com"})
		return r.code == http.StatusNotFound && g.code == http.StatusNotFound
	})
	again := establish(t, s.Config, definition("gone.example.com", "things", "Thing", plainSchema))
	list, err := things.List(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	if again.UID == crd.UID || len(list.Items) != 0 {
		t.Errorf("the new definition has %d old objects", len(list.Items))
	}
}

// TestCustomResourceInformer follows objects with an informer of client-go.
func TestCustomResourceInformer(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	ensureNamespace(t, s, "informed")
	crd := establish(t, s.Config, definition("informed.example.com", "things", "Thing", plainSchema))
	client := dynamic.NewForConfigOrDie(s.Config)
	factory := dynamicinformer.NewDynamicSharedInformerFactory(client, time.Hour)
	lister := factory.ForResource(resourceOf(crd, "v1")).Lister().ByNamespace("informed")
	factory.Start(t.Context().Done())
	factory.WaitForCacheSync(t.Context().Done())
	things := client.Resource(resourceOf(crd, "v1")).Namespace("informed")
	made, err := things.Create(t.Context(), custom(crd, "v1", "one", map[string]any{}), metav1.CreateOptions{})
	testutil.Check(t, err)
	eventually(t, "the informer has the object", func() bool { _, err := lister.Get("one"); return err == nil })

	// A change of the schema replaces the storage; the informer must continue
	// to work.
	crds := clientset.NewForConfigOrDie(s.Config).ApiextensionsV1().CustomResourceDefinitions()
	_, err = crds.Patch(t.Context(), crd.Name, "application/json-patch+json",
		[]byte(`[{"op":"add","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/new","value":{"type":"string","default":"here"}}]`),
		metav1.PatchOptions{})
	testutil.Check(t, err)
	eventually(t, "the new default is read", func() bool {
		got, err := things.Get(t.Context(), made.GetName(), metav1.GetOptions{})
		testutil.Check(t, err)
		value, _, _ := unstructured.NestedString(got.Object, "spec", "new")
		return value == "here"
	})
	_, err = things.Patch(t.Context(), "one", asMerge, []byte(`{"metadata":{"labels":{"seen":"yes"}}}`), metav1.PatchOptions{})
	testutil.Check(t, err)
	eventually(t, "the informer has the change", func() bool {
		object, err := lister.Get("one")
		return err == nil && object.(*unstructured.Unstructured).GetLabels()["seen"] == "yes"
	})
}

// TestOddDefinitionStatus serves a definition after a client has overwritten
// its status and removed the condition Established, which the library expects
// to exist.
func TestOddDefinitionStatus(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	ensureNamespace(t, s, "odd")
	crd := establish(t, s.Config, definition("odd.example.com", "things", "Thing", plainSchema))
	crds := clientset.NewForConfigOrDie(s.Config).ApiextensionsV1().CustomResourceDefinitions()
	crd.Status.Conditions = slices.DeleteFunc(crd.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
		return c.Type == apiextensionsv1.Established
	})
	_, err := crds.UpdateStatus(t.Context(), crd, metav1.UpdateOptions{})
	testutil.Check(t, err)
	_, err = dynamic.NewForConfigOrDie(s.Config).Resource(resourceOf(crd, "v1")).Namespace("odd").Create(t.Context(), custom(crd, "v1", "one", map[string]any{}),
		metav1.CreateOptions{})
	testutil.Check(t, err)
	eventually(t, "it is Established again", func() bool {
		got, err := crds.Get(t.Context(), crd.Name, metav1.GetOptions{})
		testutil.Check(t, err)
		return slices.ContainsFunc(got.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
			return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
		})
	})
}

// TestListOfDocumentsIsFresh asks for the list of OpenAPI documents with the time of
// the last answer, as kubectl does, right after a definition is Established.
func TestListOfDocumentsIsFresh(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	before := send(t, s.Config, request{path: "/openapi/v3"})
	establish(t, s.Config, definition("fresh.example.com", "things", "Thing", `{"type":"object"}`))
	after := send(t, s.Config, request{path: "/openapi/v3", headers: []string{"If-Modified-Since", before.header.Get("Last-Modified")}})
	if after.code != http.StatusOK || !strings.Contains(string(after.body), "apis/fresh.example.com/v1") {
		t.Errorf("answered %d: %.200s", after.code, after.body)
	}
}

// TestApplyWithoutChange applies what a definition has already. Such an update begins with the object as it
// is stored, whose schemas are packed.
func TestApplyWithoutChange(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	crd := definition("apply.example.com", "things", "Thing", plainSchema)
	crd.Labels = map[string]string{"a": "b"}
	crd = establish(t, s.Config, crd)
	definitions := clientset.NewForConfigOrDie(s.Config).ApiextensionsV1().CustomResourceDefinitions()
	for _, manager := range []string{"one", "one", "two"} {
		patch := []byte(`{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"` + crd.Name + `","labels":{"a":"b"}}}`)
		got, err := definitions.Patch(t.Context(), crd.Name, types.ApplyPatchType, patch, metav1.PatchOptions{FieldManager: manager})
		testutil.Check(t, err)
		if diff := cmp.Diff(crd.Spec, got.Spec); diff != "" {
			t.Errorf("the definition has changed (-before +after):\n%s", diff)
		}
	}
}
