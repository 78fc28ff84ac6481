package customresources

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"sync"
	"weak"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/kube-openapi/pkg/cached"
	"k8s.io/kube-openapi/pkg/handler"
	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// OpenAPIV2 accepts a new OpenAPI v2 document. The version is another one for each.
type OpenAPIV2 interface {
	Update(build func() (*spec.Swagger, error), version string)
}

// OpenAPIV3 accepts the OpenAPI v3 documents of group versions, such as apis/apps/v1.
type OpenAPIV3 interface {
	UpdateGroupVersionLazy(groupVersion string, document cached.Value[*spec3.OpenAPI])
	DeleteGroupVersion(groupVersion string)
}

// OpenAPI contains the services to which custom resources are added.
type OpenAPI struct {
	V2 OpenAPIV2
	// BuiltIn builds the v2 document of the built-in resources.
	BuiltIn func() (*spec.Swagger, error)
	V3      OpenAPIV3
}

// ServeOpenAPI adds custom resources to the OpenAPI documents. It must be
// called before the server runs.
func (s *Server) ServeOpenAPI(o OpenAPI) {
	s.publisher.openAPI.OpenAPI = o
	s.publisher.openAPI.builtIn.build = o.BuiltIn
}

// openAPI tracks which custom resources are in the OpenAPI documents. A
// document is built when it is first requested, by merging the documents of the
// single definitions.
type openAPI struct {
	OpenAPI
	builtIn passing[spec.Swagger]
	// full reads a definition with its schemas.
	full func(ctx context.Context, name string) (*apiextensionsv1.CustomResourceDefinition, error)
	// groups contains the current documents by group and version.
	groups map[string]map[string][]*document
	// changes counts the updates; its value is the ETag of each new document.
	changes int
}

// document contains the OpenAPI documents of one version of a definition.
type document struct {
	// of identifies the state of the definition from which the document is
	// built.
	of string
	v2 passing[spec.Swagger]
	v3 passing[spec3.OpenAPI]
}

// newDocument returns the documents of a version of a definition, which is read when
// they are built.
func (o *openAPI) newDocument(of, name, version string) *document {
	full := o.full
	return &document{
		of: of,
		v2: passing[spec.Swagger]{build: func() (*spec.Swagger, error) {
			crd, err := full(context.Background(), name)
			if err != nil {
				return nil, err
			}
			swagger, err := builder.BuildOpenAPIV2(crd, version, builder.Options{V2: true, IncludeSelectableFields: true})
			if err != nil {
				return nil, err
			}
			// MergeSpecs adds this part to the built-in document, which has no
			// defaults.
			swagger.Definitions = handler.PruneDefaults(swagger.Definitions)
			return swagger, nil
		}},
		v3: passing[spec3.OpenAPI]{build: func() (*spec3.OpenAPI, error) {
			crd, err := full(context.Background(), name)
			if err != nil {
				return nil, err
			}
			return builder.BuildOpenAPIV3(crd, version, builder.Options{IncludeSelectableFields: true})
		}},
	}
}

// update replaces the documents of a group.
func (o *openAPI) update(group apiGroup) {
	if o.V3 == nil {
		return
	}
	old := o.groups[group.Name]
	versions := map[string][]*document{}
	changed := false
	for _, v := range group.Versions {
		for _, crd := range v.CRDs {
			versions[v.Name] = append(versions[v.Name], o.reuse(old[v.Name], crd, v.Name))
		}
		if !slices.Equal(old[v.Name], versions[v.Name]) {
			changed = true
			o.changes++
			o.V3.UpdateGroupVersionLazy(path.Join("apis", group.Name, v.Name), merged(versions[v.Name], fmt.Sprint(o.changes)))
		}
	}
	for name := range old {
		if versions[name] == nil {
			changed = true
			o.V3.DeleteGroupVersion(path.Join("apis", group.Name, name))
		}
	}
	if !changed {
		return
	}
	if o.groups == nil {
		o.groups = map[string]map[string][]*document{}
	}
	if o.groups[group.Name] = versions; len(versions) == 0 {
		delete(o.groups, group.Name)
	}
	o.updateV2()
}

// reuse returns the existing document of a definition if the definition is
// unchanged, and a new one otherwise.
func (o *openAPI) reuse(old []*document, crd *apiextensionsv1.CustomResourceDefinition, version string) *document {
	of := fmt.Sprintf("%s/%d/%s/%v", crd.UID, crd.Generation, version, crd.Status.AcceptedNames)
	for _, d := range old {
		if d.of == of {
			return d
		}
	}
	return o.newDocument(of, crd.Name, version)
}

func (o *openAPI) updateV2() {
	var all []*document
	for _, group := range slices.Sorted(maps.Keys(o.groups)) {
		for _, version := range slices.Sorted(maps.Keys(o.groups[group])) {
			all = append(all, o.groups[group][version]...)
		}
	}
	o.changes++
	o.V2.Update(func() (*spec.Swagger, error) {
		static, err := o.builtIn.get()
		if err != nil {
			return nil, err
		}
		return builder.MergeSpecs(static, parts(all, func(d *document) (*spec.Swagger, error) { return d.v2.get() })...)
	}, fmt.Sprint(o.changes))
}

// parts returns the documents of the definitions. One that cannot be built is left out,
// above all that of a definition that was just deleted.
func parts[T any](documents []*document, build func(*document) (*T, error)) (all []*T) {
	for _, d := range documents {
		switch part, err := build(d); {
		case err == nil:
			all = append(all, part)
		case !apierrors.IsNotFound(err):
			utilruntime.HandleError(fmt.Errorf("OpenAPI of a custom resource: %w", err))
		}
	}
	return all
}

// merged returns the v3 document of a group version.
func merged(documents []*document, etag string) cached.Value[*spec3.OpenAPI] {
	return cached.Func(func() (*spec3.OpenAPI, string, error) {
		document, err := builder.MergeSpecsV3(parts(documents, func(d *document) (*spec3.OpenAPI, error) { return d.v3.get() })...)
		return document, etag, err
	})
}

// passing is a value that is built when it is needed. It is not kept in memory, but while
// definitions come one after the other and documents are read in between, most of the parts
// are still there.
type passing[T any] struct {
	build func() (*T, error)
	mu    sync.Mutex
	last  weak.Pointer[T]
}

func (p *passing[T]) get() (*T, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := p.last.Value(); last != nil {
		return last, nil
	}
	value, err := p.build()
	if err == nil {
		p.last = weak.Make(value)
	}
	return value, err
}
