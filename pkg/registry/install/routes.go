package install

import (
	"fmt"
	"maps"
	"net/http"
	"path"
	"strings"
	"sync"

	restful "github.com/emicklei/go-restful/v3"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericapi "k8s.io/apiserver/pkg/endpoints"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/responses"
)

// Routes finds the routes of requests. Those of a resource, which need 50 KB and 0.2
// milliseconds of CPU on average, are made by the first request for it: most servers,
// above all in tests, are asked for a few resources only. It is also faster to search
// those of one resource than those of its whole group version.
type Routes struct {
	restful.CurlyRouter
	lists *responses.Cache
	// resources have the routes of a resource and its subresources.
	resources map[schema.GroupVersionResource]func() (*restful.WebService, error)
	// versions are the group versions, by the path of their web service.
	versions map[string]genericapi.APIGroupVersion
}

var _ restful.RouteSelector = (*Routes)(nil)

func newRoutes(lists *responses.Cache) *Routes {
	return &Routes{
		lists:     lists,
		resources: map[schema.GroupVersionResource]func() (*restful.WebService, error){},
		versions:  map[string]genericapi.APIGroupVersion{},
	}
}

// add adds the resources of a group version, whose kinds are registered already.
func (r *Routes) add(gv genericapi.APIGroupVersion) {
	gv.EquivalentResourceRegistry = registered{gv.EquivalentResourceRegistry}
	r.versions[path.Join(gv.Root, gv.GroupVersion.Group, gv.GroupVersion.Version)] = gv
	for name := range gv.Storage {
		if strings.Contains(name, "/") {
			continue
		}
		r.resources[gv.GroupVersion.WithResource(name)] = sync.OnceValues(func() (*restful.WebService, error) {
			one := gv
			one.Storage = maps.Clone(gv.Storage)
			maps.DeleteFunc(one.Storage, func(other string, _ rest.Storage) bool {
				return other != name && !strings.HasPrefix(other, name+"/")
			})
			return r.service(one)
		})
	}
}

// service makes the routes of a group version.
func (r *Routes) service(gv genericapi.APIGroupVersion) (*restful.WebService, error) {
	container := restful.NewContainer()
	if _, _, err := gv.InstallREST(container); err != nil {
		return nil, fmt.Errorf("installing %s: %w", gv.GroupVersion, err)
	}
	return container.RegisteredWebServices()[0].Filter(r.lists.Compress).Filter(responses.Tables), nil
}

// SelectRoute implements restful.RouteSelector. The services are those of discovery
// and of what is not a resource; of a group version they have only the discovery.
func (r *Routes) SelectRoute(services []*restful.WebService, request *http.Request) (*restful.WebService, *restful.Route, error) {
	info, ok := genericapirequest.RequestInfoFrom(request.Context())
	if !ok || !info.IsResourceRequest {
		return r.CurlyRouter.SelectRoute(services, request)
	}
	routes, ok := r.resources[schema.GroupVersionResource{Group: info.APIGroup, Version: info.APIVersion, Resource: info.Resource}]
	if !ok {
		return r.CurlyRouter.SelectRoute(services, request)
	}
	service, err := routes()
	if err != nil {
		klog.FromContext(request.Context()).Error(err, "Failed to make the routes of a resource", "path", request.URL.Path)
		return nil, nil, restful.NewError(http.StatusInternalServerError, "the routes of this resource cannot be made")
	}
	return r.CurlyRouter.SelectRoute([]*restful.WebService{service}, request)
}

// Complete returns a web service with all routes. That of a group version is made anew
// and not kept: only documentation needs it.
func (r *Routes) Complete(of *restful.WebService) (*restful.WebService, error) {
	if gv, ok := r.versions[strings.TrimSuffix(of.RootPath(), "/")]; ok {
		return r.service(gv)
	}
	return of, nil
}

// registered is a registry in which the kinds of all resources are registered already.
type registered struct {
	runtime.EquivalentResourceRegistry
}

// RegisterKindFor implements runtime.EquivalentResourceRegistry.
func (registered) RegisterKindFor(schema.GroupVersionResource, string, schema.GroupVersionKind) {}
