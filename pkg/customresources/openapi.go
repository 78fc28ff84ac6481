package customresources

import (
	"context"
	"fmt"
	"path"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/kube-openapi/pkg/cached"
	"k8s.io/kube-openapi/pkg/handler"
	"k8s.io/kube-openapi/pkg/handler3"
	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// OpenAPIV2 accepts a new OpenAPI v2 document. handler.OpenAPIService
// implements it.
type OpenAPIV2 interface {
	UpdateSpecLazy(document cached.Value[*spec.Swagger])
}

// OpenAPI contains the services to which custom resources are added.
type OpenAPI struct {
	V2 OpenAPIV2
	// BuiltIn is the v2 document of the built-in resources.
	BuiltIn cached.Value[*spec.Swagger]
	V3      *handler3.OpenAPIService
}

// ServeOpenAPI adds custom resources to the OpenAPI documents. It must be
// called before the server runs.
func (s *Server) ServeOpenAPI(o OpenAPI) { s.publisher.openAPI.OpenAPI = o }

// openAPI tracks which custom resources are in the OpenAPI documents. A
// document is built when it is first requested, by merging the documents of the
// single definitions. Those are cached until the definition changes.
type openAPI struct {
	OpenAPI
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
	v2 func() (*spec.Swagger, error)
	v3 func() (*spec3.OpenAPI, error)
}

// newDocument returns the documents of a version of a definition, which is read when
// they are built.
func (o *openAPI) newDocument(of, name, version string) *document {
	full := o.full
	return &document{
		of: of,
		v2: func() (*spec.Swagger, error) {
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
		},
		v3: func() (*spec3.OpenAPI, error) {
			crd, err := full(context.Background(), name)
			if err != nil {
				return nil, err
			}
			return builder.BuildOpenAPIV3(crd, version, builder.Options{IncludeSelectableFields: true})
		},
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
	for _, versions := range o.groups {
		for _, documents := range versions {
			all = append(all, documents...)
		}
	}
	o.changes++
	builtIn, etag := o.BuiltIn, fmt.Sprint(o.changes)
	o.V2.UpdateSpecLazy(cached.Once(cached.Func(func() (*spec.Swagger, string, error) {
		static, _, err := builtIn.Get()
		if err != nil {
			return nil, "", err
		}
		var parts []*spec.Swagger
		for _, d := range all {
			if part, err := d.v2(); err != nil {
				utilruntime.HandleError(fmt.Errorf("OpenAPI v2 of a custom resource: %w", err))
			} else {
				parts = append(parts, part)
			}
		}
		swagger, err := builder.MergeSpecs(static, parts...)
		return swagger, etag, err
	})))
}

// merged returns the v3 document of a group version.
func merged(documents []*document, etag string) cached.Value[*spec3.OpenAPI] {
	return cached.Once(cached.Func(func() (*spec3.OpenAPI, string, error) {
		var parts []*spec3.OpenAPI
		for _, d := range documents {
			if part, err := d.v3(); err != nil {
				utilruntime.HandleError(fmt.Errorf("OpenAPI v3 of a custom resource: %w", err))
			} else {
				parts = append(parts, part)
			}
		}
		document, err := builder.MergeSpecsV3(parts...)
		return document, etag, err
	}))
}
