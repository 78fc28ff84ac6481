package customresources

import (
	"cmp"
	"slices"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	"k8s.io/apiextensions-apiserver/pkg/apihelpers"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apimachineryversion "k8s.io/apimachinery/pkg/version"
	"k8s.io/apiserver/pkg/endpoints/discovery"
)

// apiGroup describes a group of custom resources for discovery.
type apiGroup struct {
	Name string
	// Versions are sorted, the preferred version first. Each has at least one
	// resource.
	Versions []apiVersion
}

// apiVersion describes one version of a group.
type apiVersion struct {
	Name string
	// CRDs are the definitions of the resources, sorted by name.
	CRDs []*apiextensionsv1.CustomResourceDefinition
	// Resources contains resources and subresources in the form of legacy
	// discovery, Aggregated in the form of aggregated discovery.
	Resources  []metav1.APIResource
	Aggregated []apidiscoveryv2.APIResourceDiscovery
}

var (
	// The verbs and their order are those of kube-apiserver.
	allVerbs         = metav1.Verbs{"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"}
	terminatingVerbs = metav1.Verbs{"delete", "deletecollection", "get", "list", "watch"}
	subresourceVerbs = metav1.Verbs{"get", "patch", "update"}
)

// newGroup describes a group. All of the definitions must belong to it and must
// be served.
func newGroup(name string, crds []*apiextensionsv1.CustomResourceDefinition) apiGroup {
	slices.SortFunc(crds, func(a, b *apiextensionsv1.CustomResourceDefinition) int { return cmp.Compare(a.Name, b.Name) })
	byVersion := map[string]*apiVersion{}
	for _, crd := range crds {
		for _, v := range crd.Spec.Versions {
			if !v.Served {
				continue
			}
			if byVersion[v.Name] == nil {
				byVersion[v.Name] = &apiVersion{Name: v.Name}
			}
			byVersion[v.Name].add(crd, v)
		}
	}
	group := apiGroup{Name: name}
	for _, v := range byVersion {
		group.Versions = append(group.Versions, *v)
	}
	slices.SortFunc(group.Versions, func(a, b apiVersion) int { return apimachineryversion.CompareKubeAwareVersionStrings(b.Name, a.Name) })
	return group
}

func (a *apiVersion) add(crd *apiextensionsv1.CustomResourceDefinition, v apiextensionsv1.CustomResourceDefinitionVersion) {
	names, namespaced := crd.Status.AcceptedNames, crd.Spec.Scope == apiextensionsv1.NamespaceScoped
	verbs := allVerbs
	if apihelpers.IsCRDConditionTrue(crd, apiextensionsv1.Terminating) {
		verbs = terminatingVerbs
	}
	scope := apidiscoveryv2.ScopeCluster
	if namespaced {
		scope = apidiscoveryv2.ScopeNamespace
	}
	kind := metav1.GroupVersionKind{Group: crd.Spec.Group, Version: v.Name, Kind: names.Kind}
	plain := metav1.APIResource{
		Name: names.Plural, SingularName: names.Singular, Namespaced: namespaced, Kind: names.Kind, Verbs: verbs,
		ShortNames: names.ShortNames, Categories: names.Categories, StorageVersionHash: storageHash(crd),
	}
	aggregated := apidiscoveryv2.APIResourceDiscovery{
		Resource: names.Plural, SingularResource: names.Singular, Scope: scope, ResponseKind: &kind, Verbs: verbs,
		ShortNames: names.ShortNames, Categories: names.Categories,
	}
	a.CRDs = append(a.CRDs, crd)
	a.Resources = append(a.Resources, plain)
	for _, sub := range subresources(v, kind) {
		resource := metav1.APIResource{Name: names.Plural + "/" + sub.Subresource, Namespaced: namespaced, Kind: sub.ResponseKind.Kind, Verbs: sub.Verbs}
		if sub.ResponseKind.Group != kind.Group {
			resource.Group, resource.Version = sub.ResponseKind.Group, sub.ResponseKind.Version
		}
		a.Resources = append(a.Resources, resource)
		aggregated.Subresources = append(aggregated.Subresources, sub)
	}
	a.Aggregated = append(a.Aggregated, aggregated)
}

func subresources(v apiextensionsv1.CustomResourceDefinitionVersion, kind metav1.GroupVersionKind) (all []apidiscoveryv2.APISubresourceDiscovery) {
	if v.Subresources == nil {
		return nil
	}
	if v.Subresources.Status != nil {
		all = append(all, apidiscoveryv2.APISubresourceDiscovery{Subresource: "status", ResponseKind: &kind, Verbs: subresourceVerbs})
	}
	if v.Subresources.Scale != nil {
		scale := metav1.GroupVersionKind(autoscalingv1.SchemeGroupVersion.WithKind("Scale"))
		all = append(all, apidiscoveryv2.APISubresourceDiscovery{Subresource: "scale", ResponseKind: &scale, Verbs: subresourceVerbs})
	}
	return all
}

// storageHash returns the storage version hash, or "" if the stored version is
// not served.
func storageHash(crd *apiextensionsv1.CustomResourceDefinition) string {
	for _, v := range crd.Spec.Versions {
		if v.Storage && v.Served {
			return discovery.StorageVersionHash(crd.Spec.Group, v.Name, crd.Spec.Names.Kind)
		}
	}
	return ""
}

// discovery returns the group in the form of legacy discovery. The group must
// have at least one version.
func (g apiGroup) discovery() metav1.APIGroup {
	group := metav1.APIGroup{Name: g.Name}
	for _, v := range g.Versions {
		gv := schema.GroupVersion{Group: g.Name, Version: v.Name}
		group.Versions = append(group.Versions, metav1.GroupVersionForDiscovery{GroupVersion: gv.String(), Version: v.Name})
	}
	group.PreferredVersion = group.Versions[0]
	return group
}

// version returns the version with the given name, or nil if it is not served.
func (g apiGroup) version(name string) *apiVersion {
	for i := range g.Versions {
		if g.Versions[i].Name == name {
			return &g.Versions[i]
		}
	}
	return nil
}
