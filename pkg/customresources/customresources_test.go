package customresources

import (
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	listers "k8s.io/apiextensions-apiserver/pkg/client/listers/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

// conditions lists the types of conditions that are True. A type after "not "
// is a condition that is False.
type conditions []string

func define(name string, c conditions, change ...func(*apiextensionsv1.CustomResourceDefinition)) *apiextensionsv1.CustomResourceDefinition {
	plural, group, _ := strings.Cut(name, ".")
	names := apiextensionsv1.CustomResourceDefinitionNames{Plural: plural, Singular: "thing", Kind: "Thing", ListKind: "ThingList", ShortNames: []string{"th"}}
	crd := &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: "1", Generation: 1},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{Group: group, Names: names, Scope: apiextensionsv1.NamespaceScoped,
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{Name: "v1", Served: true, Storage: true}}},
		Status: apiextensionsv1.CustomResourceDefinitionStatus{AcceptedNames: names},
	}
	for _, condition := range c {
		status := apiextensionsv1.ConditionTrue
		name, not := strings.CutPrefix(condition, "not ")
		if not {
			status = apiextensionsv1.ConditionFalse
		}
		crd.Status.Conditions = append(crd.Status.Conditions, apiextensionsv1.CustomResourceDefinitionCondition{
			Type: apiextensionsv1.CustomResourceDefinitionConditionType(name), Status: status, LastTransitionTime: metav1.Now()})
	}
	for _, f := range change {
		f(crd)
	}
	return crd
}

func listerOf(t *testing.T, crds ...*apiextensionsv1.CustomResourceDefinition) listers.CustomResourceDefinitionLister {
	t.Helper()
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	for _, crd := range crds {
		if err := indexer.Add(crd); err != nil {
			t.Fatal(err)
		}
	}
	return listers.NewCustomResourceDefinitionLister(indexer)
}

func TestServes(t *testing.T) {
	webhook := func(bundle string) func(*apiextensionsv1.CustomResourceDefinition) {
		return func(crd *apiextensionsv1.CustomResourceDefinition) {
			crd.Spec.Conversion = &apiextensionsv1.CustomResourceConversion{Webhook: &apiextensionsv1.WebhookConversion{
				ClientConfig: &apiextensionsv1.WebhookClientConfig{CABundle: []byte(bundle)}}}
		}
	}
	for _, tt := range []struct {
		name         string
		crd          *apiextensionsv1.CustomResourceDefinition
		early, alone bool
	}{
		{"new", define("a.example.com", nil), false, false},
		{"refused names", define("a.example.com", conditions{"not NamesAccepted", "not Established"}), false, false},
		{"accepted names", define("a.example.com", conditions{"NamesAccepted", "not Established"}), true, false},
		{"established", define("a.example.com", conditions{"NamesAccepted", "Established"}), true, true},
		{"established, then renamed", define("a.example.com", conditions{"not NamesAccepted", "Established"}), true, true},
		{"a bad webhook", define("a.example.com", conditions{"NamesAccepted", "not Established"}, webhook("bad")), false, false},
		{"an established one with a bad webhook", define("a.example.com", conditions{"NamesAccepted", "Established"}, webhook("bad")), true, true},
	} {
		if got := newPublisher(nil, true, nil).serves(tt.crd); got != tt.early {
			t.Errorf("%s: one server serves it: %v", tt.name, got)
		}
		if got := newPublisher(nil, false, nil).serves(tt.crd); got != tt.alone {
			t.Errorf("%s: one of several servers serves it: %v", tt.name, got)
		}
	}
}

func TestGroup(t *testing.T) {
	served := conditions{"NamesAccepted", "Established"}
	many := define("many.example.com", served, func(crd *apiextensionsv1.CustomResourceDefinition) {
		crd.Spec.Scope = apiextensionsv1.ClusterScoped
		crd.Spec.Versions = []apiextensionsv1.CustomResourceDefinitionVersion{
			{Name: "v1alpha1", Served: true}, {Name: "v2", Served: true}, {Name: "v3", Storage: true},
			{Name: "v2beta1", Served: true, Subresources: &apiextensionsv1.CustomResourceSubresources{
				Status: &apiextensionsv1.CustomResourceSubresourceStatus{}, Scale: &apiextensionsv1.CustomResourceSubresourceScale{}}},
		}
	})
	ending := define("ending.example.com", append(served, "Terminating"))
	p := newPublisher(listerOf(t, many, ending, define("new.example.com", nil), define("other.example.org", served)), true, nil)
	group := p.group("example.com")

	var versions []string
	for _, v := range group.discovery().Versions {
		versions = append(versions, v.GroupVersion)
	}
	if want := []string{"example.com/v2", "example.com/v1", "example.com/v2beta1", "example.com/v1alpha1"}; !slices.Equal(versions, want) {
		t.Errorf("the versions are %v, not %v", versions, want)
	}
	if group.version("v3") != nil {
		t.Error("a version that is not served is listed")
	}
	var names []string
	for _, r := range group.version("v2beta1").Resources {
		names = append(names, r.Name+" "+r.Group+" "+r.Kind+" "+r.StorageVersionHash)
	}
	if want := []string{"many  Thing ", "many/status  Thing ", "many/scale autoscaling Scale "}; !slices.Equal(names, want) {
		t.Errorf("the resources are %q, not %q", names, want)
	}
	v1 := group.version("v1")
	if len(v1.Resources) != 1 || slices.Contains(v1.Resources[0].Verbs, "create") || v1.Resources[0].StorageVersionHash == "" {
		t.Errorf("the resource that ends is %v", v1.Resources)
	}
	if aggregated := group.version("v2beta1").Aggregated[0]; aggregated.Scope != "Cluster" || len(aggregated.Subresources) != 2 ||
		aggregated.Subresources[1].ResponseKind.Group != "autoscaling" {
		t.Errorf("aggregated: %v", aggregated)
	}
	if gone := p.group("nobody.example.com"); len(gone.Versions) != 0 {
		t.Errorf("a group without definitions has %v", gone.Versions)
	}
}
