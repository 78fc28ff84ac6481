// Package install serves API groups on a GenericAPIServer: it makes the storage
// of the resources that are enabled, their routes and their discovery.
package install

import (
	"fmt"
	"maps"
	goruntime "runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	genericapi "k8s.io/apiserver/pkg/endpoints"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/responses"
)

// Installer serves API groups. It takes the place of
// GenericAPIServer.InstallAPIGroups, which builds the schemas for server-side
// apply of every type before it returns: here the first request that needs
// them does. Storage is made for all resources at once.
type Installer struct {
	Server *genericapiserver.GenericAPIServer
	Config *genericapiserver.Config
	// Enabled says what of the groups is served.
	Enabled Enabled
	Deps    registry.Deps
	// TypeConverter has the schemas of a Scheme's types for server-side apply.
	TypeConverter func(*runtime.Scheme) managedfields.TypeConverter

	// lists has the encoded objects of lists.
	lists  responses.Cache
	routes *Routes
}

// storages has the storage of each resource and its subresources, by their names
// in the URL. Resources have one storage however many versions serve them.
type storages map[registry.Definition]map[string]rest.Storage

// installed is a group with the storage of its enabled resources by version.
type installed struct {
	registry.Group
	storage map[string]map[string]rest.Storage
	labels  map[schema.GroupVersionKind]map[string]bool
}

func newInstalled(group registry.Group) installed {
	return installed{Group: group, storage: map[string]map[string]rest.Storage{}, labels: map[schema.GroupVersionKind]map[string]bool{}}
}

// prefixOf is the first part of the paths of a group.
func prefixOf(group registry.Group) string {
	if group.Name == "" {
		return genericapiserver.DefaultLegacyAPIPrefix
	}
	return genericapiserver.APIGroupPrefix
}

// typesOf are the group's own types or, as for nearly all groups, the server's.
func typesOf(group registry.Group) registry.Types {
	if group.Types != nil {
		return *group.Types
	}
	return registry.Types{Scheme: apis.Scheme, Codecs: apis.Codecs, ParameterCodec: apis.ParameterCodec}
}

// Install serves the groups, as far as they are enabled, and returns their routes.
func (in *Installer) Install(groups []registry.Group) (*Routes, error) {
	enabled := in.Enabled
	enabled.Groups = groups
	made, err := in.makeStorage(enabled)
	if err != nil {
		return nil, err
	}
	in.routes = newRoutes(&in.lists)
	in.Server.Handler.GoRestfulContainer.Router(in.routes)
	for _, group := range groups {
		g := newInstalled(group)
		for _, version := range group.Versions {
			gv := group.GroupVersion(version)
			for _, definition := range enabled.resources(group, gv) {
				if err := g.add(gv, definition, made[definition]); err != nil {
					return nil, err
				}
				in.offer(gv.WithResource(definition.Info().GVR.Resource), made[definition])
			}
		}
		if err := in.serve(g); err != nil {
			return nil, err
		}
	}
	return in.routes, nil
}

// makeStorage makes the storage of the resources that are served in some version.
func (in *Installer) makeStorage(enabled Enabled) (storages, error) {
	var definitions []registry.Definition
	enabled.Each(func(group registry.Group, version registry.Version) {
		for _, definition := range enabled.resources(group, group.GroupVersion(version)) {
			if !slices.Contains(definitions, definition) {
				definitions = append(definitions, definition)
			}
		}
	})
	var (
		parallel errgroup.Group
		mu       sync.Mutex
		made     = storages{}
	)
	parallel.SetLimit(goruntime.GOMAXPROCS(0))
	for _, definition := range definitions {
		parallel.Go(func() error {
			storage, err := definition.Storage(in.Deps)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			made[definition] = storage
			return nil
		})
	}
	if err := parallel.Wait(); err != nil {
		return nil, err
	}
	for _, storage := range made {
		for _, s := range storage {
			in.Server.RegisterDestroyFunc(s.Destroy)
		}
	}
	return made, nil
}

// offer lets the server itself read the objects of a resource.
func (in *Installer) offer(gvr schema.GroupVersionResource, storage map[string]rest.Storage) {
	if getter, ok := storage[gvr.Resource].(rest.Getter); ok {
		in.Deps.Objects.Add(gvr.GroupResource(), getter)
	}
}

// add serves a resource in a version of the group.
func (g *installed) add(gv schema.GroupVersion, definition registry.Definition, storage map[string]rest.Storage) error {
	if g.storage[gv.Version] == nil {
		g.storage[gv.Version] = map[string]rest.Storage{}
	}
	maps.Copy(g.storage[gv.Version], storage)
	labels := definition.FieldLabels(gv.Group)
	if labels == nil {
		return nil
	}
	kinds, _, err := typesOf(g.Group).Scheme.ObjectKinds(storage[definition.Info().GVR.Resource].New())
	if err != nil {
		return fmt.Errorf("%s: %w", gv.WithResource(definition.Info().GVR.Resource), err)
	}
	set := map[string]bool{}
	for _, label := range labels {
		set[label] = true
	}
	g.labels[gv.WithKind(kinds[0].Kind)] = set
	return nil
}

// serve registers the routes and the discovery of a group.
func (in *Installer) serve(group installed) error {
	aggregated := in.Server.AggregatedDiscoveryGroupManager
	if group.Name == "" {
		aggregated = in.Server.AggregatedLegacyDiscoveryGroupManager
	}
	var versions []metav1.GroupVersionForDiscovery
	for _, version := range group.Versions {
		storage := group.storage[version.Name]
		if storage == nil {
			continue
		}
		gv := schema.GroupVersion{Group: group.Name, Version: version.Name}
		resources, err := in.serveVersion(in.groupVersion(prefixOf(group.Group), gv, group))
		if err != nil {
			return err
		}
		aggregated.AddGroupVersion(group.Name, apidiscoveryv2.APIVersionDiscovery{
			Freshness: apidiscoveryv2.DiscoveryFreshnessCurrent, Version: version.Name, Resources: resources})
		versions = append(versions, metav1.GroupVersionForDiscovery{GroupVersion: gv.String(), Version: version.Name})
		for name, s := range storage {
			if ready, ok := s.(rest.StorageWithReadiness); ok {
				in.Server.StorageReadinessHook.RegisterStorage(metav1.GroupVersionResource{Group: gv.Group, Version: gv.Version, Resource: name}, ready)
			}
		}
	}
	if len(versions) == 0 {
		return nil
	}
	in.discover(group.Name, versions)
	return nil
}

func (in *Installer) groupVersion(prefix string, gv schema.GroupVersion, group installed) *genericapi.APIGroupVersion {
	served := map[string][]string{}
	for version, resources := range group.storage {
		for name := range resources {
			served[name] = append(served[name], schema.GroupVersion{Group: gv.Group, Version: version}.String())
		}
	}
	types := typesOf(group.Group)
	serializer := genericapiserver.NewDefaultAPIGroupInfo(group.Name, types.Scheme, types.ParameterCodec, types.Codecs).NegotiatedSerializer
	return &genericapi.APIGroupVersion{
		Root:                        prefix,
		GroupVersion:                gv,
		Storage:                     group.storage[gv.Version],
		AllServedVersionsByResource: served,
		OptionsExternalVersion:      &schema.GroupVersion{Version: "v1"},

		Serializer:            responses.New(serializer, &in.lists),
		ParameterCodec:        types.ParameterCodec,
		Typer:                 types.Scheme,
		Creater:               types.Scheme,
		Convertor:             convertor{types.Scheme, group.labels},
		ConvertabilityChecker: types.Scheme,
		UnsafeConvertor:       runtime.UnsafeObjectConvertor(types.Scheme),
		Defaulter:             types.Scheme,
		Namer:                 runtime.Namer(meta.NewAccessor()),
		TypeConverter:         in.TypeConverter(types.Scheme),

		EquivalentResourceRegistry: in.Config.EquivalentResourceRegistry,
		Authorizer:                 in.Config.Authorization.Authorizer,
		Admit:                      in.Config.AdmissionControl,
		MinRequestTimeout:          time.Duration(in.Config.MinRequestTimeout) * time.Second,
		MaxRequestBodyBytes:        in.Config.MaxRequestBodyBytes,
	}
}
