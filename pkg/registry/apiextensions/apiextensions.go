// Package apiextensions lists the resources of apiextensions.k8s.io: the
// definitions of custom resources, whose strategy is the library's. Unlike the
// other groups it has a Scheme of its own, in which the hub is a type that is
// not served.
package apiextensions

import (
	internal "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Group is apiextensions.k8s.io.
var Group = registry.Group{
	Name:     internal.GroupName,
	Versions: []registry.Version{{Name: "v1", Resources: []registry.Definition{Definitions}}},
	Types:    &registry.Types{Scheme: apiserver.Scheme, Codecs: apiserver.Codecs, ParameterCodec: metav1.ParameterCodec},
}

// Definitions are customresourcedefinitions.
var Definitions registry.Definition = definitions{}

type definitions struct{}

// columnsSince is the version with columns besides name and time of creation.
var columnsSince = version.MajorMinor(1, 37)

// GroupVersionResource implements registry.Definition.
func (definitions) GroupVersionResource() schema.GroupVersionResource {
	return apiextensionsv1.SchemeGroupVersion.WithResource("customresourcedefinitions")
}

// ETCDPrefix implements registry.Definition.
func (definitions) ETCDPrefix() string { return "apiextensions.k8s.io/customresourcedefinitions" }

// WatchCached implements registry.Definition.
func (definitions) WatchCached() bool { return true }

// FieldLabels implements registry.Definition.
func (definitions) FieldLabels() []string { return nil }

// Storage implements registry.Definition.
func (definitions) Storage(deps registry.Deps) (map[string]rest.Storage, error) {
	main, err := customresourcedefinition.NewREST(apiserver.Scheme, deps.RESTOptions)
	if err != nil {
		return nil, err
	}
	if !features.Emulates(columnsSince) {
		main.TableConvertor = rest.NewDefaultTableConvertor(main.DefaultQualifiedResource)
	}
	main.CreateStrategy = createStrategy{main.CreateStrategy}
	main.UpdateStrategy = updateStrategy{main.UpdateStrategy}
	return map[string]rest.Storage{
		"customresourcedefinitions":        main,
		"customresourcedefinitions/status": customresourcedefinition.NewStatusREST(apiserver.Scheme, main),
	}, nil
}
