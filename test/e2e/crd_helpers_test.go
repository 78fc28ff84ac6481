package e2e

import (
	"encoding/json"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apihelpers"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// definition returns a small definition of a namespaced resource with one
// version. The schema is JSON.
func definition(group, plural, kind, schema string) *apiextensionsv1.CustomResourceDefinition {
	return &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: named(plural + "." + group),
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: group,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: plural, Kind: kind},
			Scope: apiextensionsv1.NamespaceScoped,
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{
				{Name: "v1", Served: true, Storage: true, Schema: schemaOf(schema)},
			},
		},
	}
}

func schemaOf(text string) *apiextensionsv1.CustomResourceValidation {
	props := &apiextensionsv1.JSONSchemaProps{}
	if err := json.Unmarshal([]byte(text), props); err != nil {
		panic(err) // the text is a constant of a test
	}
	return &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: props}
}

// establish creates a definition and watches it until it is Established.
func establish(t testing.TB, config *restclient.Config, crd *apiextensionsv1.CustomResourceDefinition) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	crds := clientset.NewForConfigOrDie(config).ApiextensionsV1().CustomResourceDefinitions()
	made, err := crds.Create(t.Context(), crd, metav1.CreateOptions{})
	testutil.Check(t, err)
	w, err := crds.Watch(t.Context(), metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("metadata.name", made.Name).String(), ResourceVersion: made.ResourceVersion})
	testutil.Check(t, err)
	defer w.Stop()
	for {
		event, ok := next(t, w).Object.(*apiextensionsv1.CustomResourceDefinition)
		if !ok {
			t.Fatal("the watch has sent something else")
		}
		if apihelpers.IsCRDConditionTrue(event, apiextensionsv1.Established) {
			return event
		}
	}
}

// custom returns a custom resource with the given spec.
func custom(crd *apiextensionsv1.CustomResourceDefinition, version, name string, spec any) *unstructured.Unstructured {
	gv := schema.GroupVersion{Group: crd.Spec.Group, Version: version}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": gv.String(), "kind": crd.Spec.Names.Kind, "metadata": map[string]any{"name": name}, "spec": spec}}
}

// resourceOf returns the resource of a definition.
func resourceOf(crd *apiextensionsv1.CustomResourceDefinition, version string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: crd.Spec.Group, Version: version, Resource: crd.Spec.Names.Plural}
}
