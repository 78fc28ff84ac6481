package install

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	restful "github.com/emicklei/go-restful/v3"
	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericapi "k8s.io/apiserver/pkg/endpoints"
	"k8s.io/apiserver/pkg/endpoints/discovery"
	discoveryendpoint "k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
	genericfeatures "k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// serveVersion serves a group version and its discovery, and returns what aggregated
// discovery lists.
func (in *Installer) serveVersion(gv *genericapi.APIGroupVersion) ([]apidiscoveryv2.APIResourceDiscovery, error) {
	resources, err := describe(gv)
	if err != nil {
		return nil, err
	}
	service := new(restful.WebService)
	service.Path(path.Join(gv.Root, gv.GroupVersion.Group, gv.GroupVersion.Version))
	discovery.NewAPIVersionHandler(gv.Serializer, gv.GroupVersion, resources).AddToWebService(service)
	in.Server.Handler.GoRestfulContainer.Add(service)
	in.routes.add(*gv)
	return genericapi.ConvertGroupVersionIntoToDiscovery(resources)
}

// discover serves the list of a group's versions.
func (in *Installer) discover(name string, versions []metav1.GroupVersionForDiscovery) {
	s := in.Server
	if name == "" {
		root := discovery.NewLegacyRootAPIHandler(in.Config.DiscoveryAddresses, s.Serializer, genericapiserver.DefaultLegacyAPIPrefix)
		wrapped := discoveryendpoint.WrapAggregatedDiscoveryToHandler(root, s.AggregatedLegacyDiscoveryGroupManager, s.AggregatedLegacyDiscoveryGroupManager)
		s.Handler.GoRestfulContainer.Add(wrapped.GenerateWebService(genericapiserver.DefaultLegacyAPIPrefix, metav1.APIVersions{}))
		return
	}
	group := metav1.APIGroup{Name: name, Versions: versions, PreferredVersion: versions[0]}
	s.DiscoveryGroupManager.AddGroup(group)
	s.Handler.GoRestfulContainer.Add(discovery.NewAPIGroupHandler(s.Serializer, group).WebService())
}

// described are the resources of a group version as discovery lists them. The library
// finds this out while it makes the routes, which is done later here.
type described []metav1.APIResource

// ListAPIResources implements discovery.APIResourceLister.
func (d described) ListAPIResources() []metav1.APIResource { return d }

// describe describes the resources of a group version, and registers their kinds,
// by which webhooks find out which resources are equivalent.
func describe(gv *genericapi.APIGroupVersion) (described, error) {
	var all described
	for _, path := range slices.Sorted(maps.Keys(gv.Storage)) {
		one, kind, err := describeResource(gv, path)
		if err != nil {
			return nil, fmt.Errorf("%s in %s: %w", path, gv.GroupVersion, err)
		}
		resource, subresource, _ := strings.Cut(path, "/")
		gv.EquivalentResourceRegistry.RegisterKindFor(gv.GroupVersion.WithResource(resource), subresource, kind)
		all = append(all, one)
	}
	return all, nil
}

func describeResource(gv *genericapi.APIGroupVersion, path string) (one metav1.APIResource, kind schema.GroupVersionKind, err error) {
	storage := gv.Storage[path]
	if kind, err = genericapi.GetResourceKind(gv.GroupVersion, storage, gv.Typer); err != nil {
		return one, kind, err
	}
	one = metav1.APIResource{Name: path, Kind: kind.Kind, Verbs: verbs(storage)}
	if named, ok := storage.(rest.KindProvider); ok {
		one.Kind = named.Kind()
	}
	if other, ok := storage.(rest.GroupVersionKindProvider); ok {
		gvk := other.GroupVersionKind(gv.GroupVersion)
		one.Group, one.Version, one.Kind = gvk.Group, gvk.Version, gvk.Kind
	}
	resource, _, isSubresource := strings.Cut(path, "/")
	if scoped, ok := gv.Storage[resource].(rest.Scoper); ok {
		one.Namespaced = scoped.NamespaceScoped()
	}
	if short, ok := storage.(rest.ShortNamesProvider); ok {
		one.ShortNames = short.ShortNames()
	}
	if categorized, ok := storage.(rest.CategoriesProvider); ok {
		one.Categories = categorized.Categories()
	}
	if singular, ok := storage.(rest.SingularNameProvider); ok && !isSubresource {
		one.SingularName = singular.GetSingularName()
	}
	one.StorageVersionHash, err = storageVersionHash(gv, storage)
	return one, kind, err
}

// storageVersionHash returns the hash of the version in which the objects of a
// resource are stored, or "" if there are none.
func storageVersionHash(gv *genericapi.APIGroupVersion, storage rest.Storage) (string, error) {
	stored, ok := storage.(rest.StorageVersionProvider)
	if !ok || stored.StorageVersion() == nil || !features.Enabled(genericfeatures.StorageVersionHash) {
		return "", nil
	}
	kinds, _, err := gv.Typer.ObjectKinds(storage.New())
	if err != nil {
		return "", err
	}
	kind, ok := stored.StorageVersion().KindForGroupVersionKinds(kinds)
	if !ok {
		return "", fmt.Errorf("none of %v is stored", kinds)
	}
	return discovery.StorageVersionHash(kind.Group, kind.Version, kind.Kind), nil
}

// verbs are what can be done with a resource or subresource, sorted.
func verbs(storage rest.Storage) metav1.Verbs {
	all := map[string]bool{
		"create":           is[rest.Creater](storage) || is[rest.NamedCreater](storage),
		"delete":           is[rest.GracefulDeleter](storage),
		"deletecollection": is[rest.CollectionDeleter](storage),
		"get":              is[rest.Getter](storage) || is[rest.GetterWithOptions](storage),
		"list":             is[rest.Lister](storage),
		"patch":            is[rest.Patcher](storage),
		"update":           is[rest.Updater](storage),
		"watch":            is[rest.Watcher](storage),
	}
	if connecter, ok := storage.(rest.Connecter); ok {
		for _, method := range connecter.ConnectMethods() {
			if verb, ok := verbOfMethod[method]; ok {
				all[verb] = true
			}
		}
	}
	can := metav1.Verbs{}
	for _, verb := range slices.Sorted(maps.Keys(all)) {
		if all[verb] {
			can = append(can, verb)
		}
	}
	return can
}

// verbOfMethod are the verbs of the methods with which one connects to a resource.
var verbOfMethod = map[string]string{"DELETE": "delete", "GET": "get", "PATCH": "patch", "POST": "create", "PUT": "update"}

func is[T any](storage rest.Storage) bool {
	_, ok := storage.(T)
	return ok
}
