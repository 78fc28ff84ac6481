// Package openapi creates the OpenAPI documents of the server and, from the
// same definitions, the schemas for server-side apply. Both are created on
// first use.
package openapi

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/NYTimes/gziphandler"
	restful "github.com/emicklei/go-restful/v3"
	extensionsopenapi "k8s.io/apiextensions-apiserver/pkg/generated/openapi"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/kube-openapi/pkg/builder"
	"k8s.io/kube-openapi/pkg/builder3"
	"k8s.io/kube-openapi/pkg/cached"
	openapicommon "k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/common/restfuladapter"
	"k8s.io/kube-openapi/pkg/handler"
	"k8s.io/kube-openapi/pkg/spec3"
	openapiutil "k8s.io/kube-openapi/pkg/util"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/gatehouse-k8s/gatehouse/pkg/aggregator"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/customresources"
	"github.com/gatehouse-k8s/gatehouse/pkg/generated/openapi"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apiextensions"
)

// Documents creates the OpenAPI configuration when the first document is
// requested, or at the first write with managed fields. The generated
// definitions consist of tens of thousands of lines, and the start should not
// have to wait for them.
type Documents struct {
	version    string
	namer      func() *openapinamer.DefinitionNamer
	converters schemeConverters
}

// New returns documents for a version of Kubernetes, such as 1.37.
func New(version string) *Documents {
	d := &Documents{version: version, namer: sync.OnceValue(func() *openapinamer.DefinitionNamer {
		return openapinamer.NewDefinitionNamer(apis.Scheme, apiextensions.Scheme)
	})}
	d.converters = converters.of(d)
	return d
}

// converters are the schemas for server-side apply. All servers of a process with
// the same version use the same ones: they never change, and it takes more time to
// build them than to do anything else at the start of a server.
var converters = convertersByVersion{byVersion: map[string]schemeConverters{}}

type schemeConverters map[*runtime.Scheme]managedfields.TypeConverter

type convertersByVersion struct {
	mu        sync.Mutex
	byVersion map[string]schemeConverters
}

func (c *convertersByVersion) of(d *Documents) schemeConverters {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byVersion[d.version] == nil {
		c.byVersion[d.version] = schemeConverters{
			apis.Scheme:          d.typeConverter(apis.Scheme, openapi.GetOpenAPIDefinitions),
			apiextensions.Scheme: d.typeConverter(apiextensions.Scheme, extensionsopenapi.GetOpenAPIDefinitions),
		}
	}
	return c.byVersion[d.version]
}

// TypeConverter returns the schemas for server-side apply of the types of a
// Scheme. The Scheme must be that of the server or that of apiextensions.
func (d *Documents) TypeConverter(scheme *runtime.Scheme) managedfields.TypeConverter {
	return d.converters[scheme]
}

// definitions returns the definitions of all built-in types.
func definitions(ref openapicommon.ReferenceCallback) map[string]openapicommon.OpenAPIDefinition {
	all := extensionsopenapi.GetOpenAPIDefinitions(ref)
	maps.Copy(all, openapi.GetOpenAPIDefinitions(ref))
	return all
}

// security is the name of the security scheme of all operations: they accept a
// bearer token.
const security = "BearerToken"

var securityScheme = spec.SecuritySchemeProps{Type: "apiKey", Name: "authorization", In: "header", Description: "Bearer Token authentication"}

func (d *Documents) info() *spec.Info {
	return &spec.Info{InfoProps: spec.InfoProps{Title: "Kubernetes", Version: d.version}}
}

func (d *Documents) v2() *openapicommon.Config {
	c := genericapiserver.DefaultOpenAPIConfig(definitions, d.namer())
	c.GetDefinitionName = d.name
	c.Info = d.info()
	c.SecurityDefinitions = &spec.SecurityDefinitions{security: {SecuritySchemeProps: securityScheme}}
	c.DefaultSecurity = []map[string][]string{{security: {}}}
	c.CommonResponses = map[int]spec.Response{401: {ResponseProps: spec.ResponseProps{Description: "Unauthorized"}}}
	return c
}

func (d *Documents) v3(definitions openapicommon.GetOpenAPIDefinitions) *openapicommon.OpenAPIV3Config {
	c := genericapiserver.DefaultOpenAPIV3Config(definitions, d.namer())
	c.GetDefinitionName = d.name
	c.Info = d.info()
	c.SecuritySchemes = spec3.SecuritySchemes{security: {SecuritySchemeProps: spec3.SecuritySchemeProps{
		Type: securityScheme.Type, Name: securityScheme.Name, In: securityScheme.In, Description: securityScheme.Description}}}
	c.DefaultSecurity = []map[string][]string{{security: {}}}
	c.CommonResponses = map[int]*spec3.Response{401: {ResponseProps: spec3.ResponseProps{Description: "Unauthorized"}}}
	return c
}

// kindsExtension is the extension of a definition that lists the kinds for
// which the definition is the schema.
const kindsExtension = "x-kubernetes-group-version-kind"

// name returns the name of a definition and its extensions, without the kinds
// of the hub version.
func (d *Documents) name(definition string) (string, spec.Extensions) {
	name, extensions := d.namer().GetDefinitionName(definition)
	kinds, _ := extensions[kindsExtension].([]any)
	external := slices.DeleteFunc(slices.Clone(kinds), func(kind any) bool {
		k, _ := kind.(map[string]any)
		return k["version"] == runtime.APIVersionInternal
	})
	if len(external) == len(kinds) {
		return name, maps.Clone(extensions) // a copy, because the library deletes entries
	}
	return name, spec.Extensions{kindsExtension: external}
}

// Install serves /openapi/v2 and /openapi/v3. complete returns a web service with all
// of its routes. extensions adds the documents of custom resources and others those of
// aggregated API servers; both can be nil.
func (d *Documents) Install(server *genericapiserver.GenericAPIServer, complete func(*restful.WebService) (*restful.WebService, error),
	extensions *customresources.Server, others *aggregator.Aggregator) {
	container, mux := server.Handler.GoRestfulContainer, server.Handler.NonGoRestfulMux
	v2 := func() (*spec.Swagger, error) {
		services, err := completeAll(container.RegisteredWebServices(), complete)
		if err != nil {
			return nil, err
		}
		swagger, err := builder.BuildOpenAPISpecFromRoutes(services, d.v2())
		if err != nil {
			return nil, err
		}
		swagger.Definitions = handler.PruneDefaults(swagger.Definitions)
		return swagger, nil
	}
	servedV2 := &servedV2{build: v2}
	var documents customresources.OpenAPIV2 = servedV2
	if others != nil {
		merged := others.MergeOpenAPIV2(v2)
		servedV2.current = merged.Current
		documents = merged
	}
	mux.Handle(rootV2, gziphandler.GzipHandler(servedV2))

	v3 := newServedV3()
	config := sync.OnceValue(func() *openapicommon.OpenAPIV3Config { return d.v3(definitions) })
	for _, service := range container.RegisteredWebServices() {
		name := strings.TrimPrefix(service.RootPath(), "/")
		v3.UpdateGroupVersionLazy(name, cached.Func(func() (*spec3.OpenAPI, string, error) {
			services, err := completeAll([]*restful.WebService{service}, complete)
			if err != nil {
				return nil, "", err
			}
			document, err := builder3.BuildOpenAPISpecFromRoutes(services, ownCopy(config()))
			if err != nil {
				return nil, "", err
			}
			narrowKinds(document, name)
			return document, "", nil
		}))
	}
	if extensions != nil {
		extensions.ServeOpenAPI(customresources.OpenAPI{V2: documents, BuiltIn: v2, V3: v3})
	}
	mux.Handle(rootV3, unconditionally(v3.list))
	mux.HandlePrefix(rootV3+"/", orNotFound(v3.document))
}

// completeAll returns the web services with all of their routes.
func completeAll(services []*restful.WebService, complete func(*restful.WebService) (*restful.WebService, error)) ([]openapicommon.RouteContainer, error) {
	all := make([]*restful.WebService, len(services))
	for i, service := range services {
		var err error
		if all[i], err = complete(service); err != nil {
			return nil, err
		}
	}
	return restfuladapter.AdaptWebServices(all), nil
}

// ownCopy copies the parts of the configuration to which the builder writes,
// because documents are built concurrently.
func ownCopy(shared *openapicommon.OpenAPIV3Config) *openapicommon.OpenAPIV3Config {
	own := *shared
	own.Definitions = make(map[string]openapicommon.OpenAPIDefinition, len(shared.Definitions))
	for name, definition := range shared.Definitions {
		definition.Schema.Extensions = maps.Clone(definition.Schema.Extensions)
		own.Definitions[name] = definition
	}
	return &own
}

// narrowKinds removes kinds from the document of one group version.
// DeleteOptions and WatchEvent are registered in every group; only their kinds
// in this group version and in v1 stay.
func narrowKinds(document *spec3.OpenAPI, root string) {
	gv := strings.TrimPrefix(strings.TrimPrefix(root, "apis/"), "api/")
	parsed, err := schema.ParseGroupVersion(gv)
	if err != nil || document.Components == nil {
		return
	}
	for _, s := range document.Components.Schemas {
		kinds, _ := s.Extensions[kindsExtension].([]any)
		if len(kinds) < 2 {
			continue
		}
		own := slices.DeleteFunc(slices.Clone(kinds), func(kind any) bool {
			k, _ := kind.(map[string]any)
			if name := k["kind"]; name != "DeleteOptions" && name != "WatchEvent" {
				return false
			}
			return !(k["group"] == parsed.Group && k["version"] == parsed.Version) && !(k["group"] == "" && k["version"] == "v1")
		})
		if len(own) > 0 {
			s.Extensions[kindsExtension] = own
		}
	}
}

// typeConverter returns the schemas of the types of a scheme for server-side
// apply. It does not keep the definitions from which they are built.
func (d *Documents) typeConverter(scheme *runtime.Scheme, definitions openapicommon.GetOpenAPIDefinitions) managedfields.TypeConverter {
	return newLazyTypeConverter(func() (managedfields.TypeConverter, error) {
		models, err := builder3.BuildOpenAPIDefinitionsForResources(d.v3(definitions), typeNames(scheme)...)
		if err != nil {
			return nil, err
		}
		return managedfields.NewTypeConverter(models, false)
	})
}

// typeNames returns the names of the definitions of all types in the scheme
// that can be resources or subresources.
func typeNames(scheme *runtime.Scheme) (names []string) {
	for _, version := range scheme.PrioritizedVersionsAllGroups() {
		for kind, t := range scheme.KnownTypes(version) {
			if !ownType(t) || strings.HasSuffix(kind, "List") || strings.HasSuffix(kind, "Options") {
				continue
			}
			object, err := scheme.New(version.WithKind(kind))
			if err == nil {
				names = append(names, openapiutil.GetCanonicalTypeName(object))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ownType reports whether a type belongs to one group, in contrast to the
// options and watch events, which are registered in every group.
func ownType(t reflect.Type) bool {
	return apis.HasHub(t) || strings.HasPrefix(t.PkgPath(), "k8s.io/apiextensions-apiserver/")
}
