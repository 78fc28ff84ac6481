package server

import (
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	genericapi "k8s.io/apiserver/pkg/endpoints"
	"k8s.io/apiserver/pkg/endpoints/discovery"
	discoveryaggregated "k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// installer serves API groups. It takes the place of
// GenericAPIServer.InstallAPIGroups, which builds the schemas for server-side
// apply of every type before it returns: here the first request that needs
// them does. Storage is made for all resources at once.
type installer struct {
	server *genericapiserver.GenericAPIServer
	config *genericapiserver.Config
	deps   registry.Deps
	// typeConverter is for the types of the server's Scheme, ownTypeConverter
	// makes that of a group with a Scheme of its own.
	typeConverter    managedfields.TypeConverter
	ownTypeConverter func(*runtime.Scheme) managedfields.TypeConverter
}

// installed is a group with the storage of its enabled resources by version.
type installed struct {
	registry.Group
	storage map[string]map[string]rest.Storage
	labels  map[schema.GroupVersionKind]map[string]bool
}

// types are the group's own or, as for nearly all groups, the server's.
func (g *installed) types() registry.Types {
	if g.Types != nil {
		return *g.Types
	}
	return registry.Types{Scheme: apis.Scheme, Codecs: apis.Codecs, ParameterCodec: apis.ParameterCodec}
}

func (in *installer) install(groups []registry.Group) error {
	var all []installed
	for _, group := range groups {
		all = append(all, installed{Group: group, storage: map[string]map[string]rest.Storage{}, labels: map[schema.GroupVersionKind]map[string]bool{}})
	}
	var parallel errgroup.Group
	for i := range all {
		parallel.Go(func() error { return in.makeStorage(&all[i]) })
	}
	if err := parallel.Wait(); err != nil {
		return err
	}
	for _, group := range all {
		if err := in.serve(group); err != nil {
			return err
		}
	}
	return nil
}

// makeStorage makes the storage of the resources that --runtime-config enables.
func (in *installer) makeStorage(group *installed) error {
	for _, version := range group.Versions {
		resources := map[string]rest.Storage{}
		for _, definition := range version.Resources {
			gvr := schema.GroupVersionResource{Group: group.Name, Version: version.Name, Resource: definition.GroupVersionResource().Resource}
			if !in.config.MergedResourceConfig.ResourceEnabled(gvr) {
				continue
			}
			storage, err := definition.Storage(in.deps)
			if err != nil {
				return err
			}
			for name, s := range storage {
				resources[name] = s
			}
			if getter, ok := storage[gvr.Resource].(rest.Getter); ok {
				in.deps.Objects.Add(gvr.GroupResource(), getter)
			}
			if err := group.addLabels(gvr, storage[gvr.Resource], definition.FieldLabels()); err != nil {
				return err
			}
		}
		if len(resources) > 0 {
			group.storage[version.Name] = resources
		}
	}
	return nil
}

func (g *installed) addLabels(gvr schema.GroupVersionResource, storage rest.Storage, labels []string) error {
	if labels == nil {
		return nil
	}
	kinds, _, err := g.types().Scheme.ObjectKinds(storage.New())
	if err != nil {
		return fmt.Errorf("%s: %w", gvr, err)
	}
	set := map[string]bool{}
	for _, label := range labels {
		set[label] = true
	}
	g.labels[gvr.GroupVersion().WithKind(kinds[0].Kind)] = set
	return nil
}

// serve registers the routes and the discovery of a group.
func (in *installer) serve(group installed) error {
	prefix, aggregated := genericapiserver.APIGroupPrefix, in.server.AggregatedDiscoveryGroupManager
	if group.Name == "" {
		prefix, aggregated = genericapiserver.DefaultLegacyAPIPrefix, in.server.AggregatedLegacyDiscoveryGroupManager
	}
	var versions []metav1.GroupVersionForDiscovery
	for _, version := range group.Versions {
		storage := group.storage[version.Name]
		if storage == nil {
			continue
		}
		gv := schema.GroupVersion{Group: group.Name, Version: version.Name}
		resources, _, err := in.groupVersion(prefix, gv, group).InstallREST(in.server.Handler.GoRestfulContainer)
		if err != nil {
			return fmt.Errorf("installing %s: %w", gv, err)
		}
		aggregated.AddGroupVersion(group.Name, apidiscoveryv2.APIVersionDiscovery{
			Freshness: apidiscoveryv2.DiscoveryFreshnessCurrent, Version: version.Name, Resources: resources})
		versions = append(versions, metav1.GroupVersionForDiscovery{GroupVersion: gv.String(), Version: version.Name})
		for name, s := range storage {
			if ready, ok := s.(rest.StorageWithReadiness); ok {
				in.server.StorageReadinessHook.RegisterStorage(metav1.GroupVersionResource{Group: gv.Group, Version: gv.Version, Resource: name}, ready)
			}
			in.server.RegisterDestroyFunc(s.Destroy)
		}
	}
	if len(versions) == 0 {
		return nil
	}
	in.discover(group.Name, versions)
	return nil
}

// discover serves the list of a group's versions.
func (in *installer) discover(name string, versions []metav1.GroupVersionForDiscovery) {
	s := in.server
	if name == "" {
		root := discovery.NewLegacyRootAPIHandler(in.config.DiscoveryAddresses, s.Serializer, genericapiserver.DefaultLegacyAPIPrefix)
		wrapped := discoveryaggregated.WrapAggregatedDiscoveryToHandler(root, s.AggregatedLegacyDiscoveryGroupManager, s.AggregatedLegacyDiscoveryGroupManager)
		s.Handler.GoRestfulContainer.Add(wrapped.GenerateWebService(genericapiserver.DefaultLegacyAPIPrefix, metav1.APIVersions{}))
		return
	}
	group := metav1.APIGroup{Name: name, Versions: versions, PreferredVersion: versions[0]}
	s.DiscoveryGroupManager.AddGroup(group)
	s.Handler.GoRestfulContainer.Add(discovery.NewAPIGroupHandler(s.Serializer, group).WebService())
}

func (in *installer) groupVersion(prefix string, gv schema.GroupVersion, group installed) *genericapi.APIGroupVersion {
	served := map[string][]string{}
	for version, resources := range group.storage {
		for name := range resources {
			served[name] = append(served[name], schema.GroupVersion{Group: gv.Group, Version: version}.String())
		}
	}
	types, typeConverter := group.types(), in.typeConverter
	if group.Types != nil {
		typeConverter = in.ownTypeConverter(types.Scheme)
	}
	return &genericapi.APIGroupVersion{
		Root:                        prefix,
		GroupVersion:                gv,
		Storage:                     group.storage[gv.Version],
		AllServedVersionsByResource: served,
		OptionsExternalVersion:      &schema.GroupVersion{Version: "v1"},

		Serializer:            genericapiserver.NewDefaultAPIGroupInfo(group.Name, types.Scheme, types.ParameterCodec, types.Codecs).NegotiatedSerializer,
		ParameterCodec:        types.ParameterCodec,
		Typer:                 types.Scheme,
		Creater:               types.Scheme,
		Convertor:             convertor{types.Scheme, group.labels},
		ConvertabilityChecker: types.Scheme,
		UnsafeConvertor:       runtime.UnsafeObjectConvertor(types.Scheme),
		Defaulter:             types.Scheme,
		Namer:                 runtime.Namer(meta.NewAccessor()),
		TypeConverter:         typeConverter,

		EquivalentResourceRegistry: in.config.EquivalentResourceRegistry,
		Authorizer:                 in.config.Authorization.Authorizer,
		Admit:                      in.config.AdmissionControl,
		MinRequestTimeout:          time.Duration(in.config.MinRequestTimeout) * time.Second,
		MaxRequestBodyBytes:        in.config.MaxRequestBodyBytes,
	}
}

// convertor converts with the scheme, but takes the labels of field selectors
// from the definitions of the resources.
type convertor struct {
	*runtime.Scheme
	labels map[schema.GroupVersionKind]map[string]bool
}

// ConvertFieldLabel implements runtime.ObjectConvertor.
func (c convertor) ConvertFieldLabel(gvk schema.GroupVersionKind, label, value string) (string, string, error) {
	labels, ok := c.labels[gvk]
	if !ok {
		return c.Scheme.ConvertFieldLabel(gvk, label, value)
	}
	if !labels[label] {
		return "", "", fmt.Errorf("field label not supported: %s", label)
	}
	return label, value, nil
}
