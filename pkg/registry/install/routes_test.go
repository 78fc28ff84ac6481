package install

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	restful "github.com/emicklei/go-restful/v3"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/sets"
	genericapi "k8s.io/apiserver/pkg/endpoints"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericapiserver "k8s.io/apiserver/pkg/server"
	serverstorage "k8s.io/apiserver/pkg/server/storage"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/groups"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/responses"
)

// TestRoutesAreThoseOfTheLibrary compares what is made by the first request with what
// the library makes at once, for all versions of all groups.
func TestRoutesAreThoseOfTheLibrary(t *testing.T) {
	for gv, version := range allVersions(t) {
		t.Run(path.Join(gv.Group, gv.Version), func(t *testing.T) {
			atOnce, want := restful.NewContainer(), *version
			want.EquivalentResourceRegistry = runtime.NewEquivalentResourceRegistry()
			listed, _, err := want.InstallREST(atOnce)
			if err != nil {
				t.Fatal(err)
			}
			atOnce.Router(restful.CurlyRouter{})
			in := &Installer{routes: newRoutes(&responses.Cache{}), Server: &genericapiserver.GenericAPIServer{
				Handler: &genericapiserver.APIServerHandler{GoRestfulContainer: restful.NewContainer()}}}
			got, err := in.serveVersion(version)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, listed) {
				t.Errorf("aggregated discovery: %v, want %v", got, listed)
			}
			if !reflect.DeepEqual(version.EquivalentResourceRegistry, want.EquivalentResourceRegistry) {
				t.Errorf("kinds of resources: %v, want %v", version.EquivalentResourceRegistry, want.EquivalentResourceRegistry)
			}
			later := in.Server.Handler.GoRestfulContainer
			later.Router(in.routes)
			compareDiscovery(t, later, atOnce)
			compareRoutes(t, in.routes, later.RegisteredWebServices(), atOnce.RegisteredWebServices())
			complete, err := in.routes.Complete(later.RegisteredWebServices()[0])
			if err != nil {
				t.Fatal(err)
			}
			if got, want := complete.Routes(), atOnce.RegisteredWebServices()[0].Routes(); len(got) != len(want) {
				t.Errorf("%d routes are documented, want %d", len(got), len(want))
			}
		})
	}
}

// compareDiscovery compares the documents of a group version.
func compareDiscovery(t *testing.T, later, atOnce *restful.Container) {
	t.Helper()
	document := func(c *restful.Container) string {
		answer := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodGet, atOnce.RegisteredWebServices()[0].RootPath(), nil)
		request.Header.Set("Accept", "application/json")
		c.Dispatch(answer, request)
		return answer.Body.String()
	}
	if got, want := document(later), document(atOnce); got != want || got == "" {
		t.Errorf("discovery: %s\nwant %s", got, want)
	}
}

// compareRoutes compares the routes of requests for all paths, and for some that do
// not exist, with all methods.
func compareRoutes(t *testing.T, routes *Routes, later, atOnce []*restful.WebService) {
	t.Helper()
	paths := sets.New[string]()
	for _, route := range atOnce[0].Routes() {
		path := strings.NewReplacer("{namespace}", "ns", "{name}", "n", "{path:*}", "some/path").Replace(route.Path)
		paths.Insert(path, path+"/", path+"/other", path+"/other/more", path+"s", strings.ToUpper(path))
	}
	for path := range paths {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT"} {
			request := requestFor(method, path)
			want := chosen(restful.CurlyRouter{}.SelectRoute(atOnce, request))
			if got := chosen(routes.SelectRoute(later, request)); got != want {
				t.Errorf("%s %s: %s, want %s", method, path, got, want)
			}
		}
	}
}

func requestFor(method, path string) *http.Request {
	request := httptest.NewRequest(method, "/", nil)
	request.URL.Path = path
	resolver := genericapirequest.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")}
	info, err := resolver.NewRequestInfo(request)
	if err != nil {
		return request
	}
	return request.WithContext(genericapirequest.WithRequestInfo(request.Context(), info))
}

func chosen(_ *restful.WebService, route *restful.Route, err error) string {
	if err != nil {
		e := err.(restful.ServiceError)
		return fmt.Sprintf("%d %s %v", e.Code, e.Message, e.Header)
	}
	return fmt.Sprintf("%s %s %s %v", route.Method, route.Path, route.Operation, route.Metadata)
}

// allVersions are all versions of all groups, with beta and alpha ones.
func allVersions(t *testing.T) map[schema.GroupVersion]*genericapi.APIGroupVersion {
	t.Helper()
	all := groups.All(groups.Needs{})
	config := serverstorage.NewResourceConfig()
	for _, group := range all {
		for _, version := range group.Versions {
			config.EnableVersions(group.GroupVersion(version))
		}
	}
	enabled, err := NewEnabled(all, config, at(t, 1, 37))
	if err != nil {
		t.Fatal(err)
	}
	in := &Installer{
		Server: &genericapiserver.GenericAPIServer{}, Config: genericapiserver.NewConfig(apis.Codecs), Enabled: enabled,
		TypeConverter: func(*runtime.Scheme) managedfields.TypeConverter { return managedfields.NewDeducedTypeConverter() },
		Deps: registry.Deps{Scheme: apis.Scheme, Objects: &objects.Access{},
			RESTOptions: &counter{made: map[schema.GroupResource]int{}, codec: apis.Codecs.LegacyCodec(apis.Scheme.PrioritizedVersionsAllGroups()...)}},
	}
	made, err := in.makeStorage(enabled)
	if err != nil {
		t.Fatal(err)
	}
	versions := map[schema.GroupVersion]*genericapi.APIGroupVersion{}
	for _, group := range all {
		g := newInstalled(group)
		for _, version := range group.Versions {
			for _, definition := range enabled.resources(group, group.GroupVersion(version)) {
				if err := g.add(group.GroupVersion(version), definition, made[definition]); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, version := range slices.Sorted(maps.Keys(g.storage)) {
			gv := schema.GroupVersion{Group: group.Name, Version: version}
			versions[gv] = in.groupVersion(prefixOf(group), gv, g)
			versions[gv].EquivalentResourceRegistry = runtime.NewEquivalentResourceRegistry()
		}
	}
	return versions
}
