// Package apiextensions lists the resources of apiextensions.k8s.io:
// CustomResourceDefinitions, whose strategy is that of
// k8s.io/apiextensions-apiserver. In contrast to the other groups, it has its
// own Scheme, in which the internal version is a type that is not served. Their
// schemas are packed as long as nobody reads them; see packed.go.
package apiextensions

import (
	internal "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Group returns apiextensions.k8s.io.
func Group() registry.Group {
	return registry.Group{
		Name:      internal.GroupName,
		Priority:  16700,
		Versions:  []registry.Version{{Name: "v1"}},
		Resources: []registry.Definition{Definitions},
		Types:     &registry.Types{Scheme: Scheme, Codecs: Codecs, ParameterCodec: metav1.ParameterCodec},
	}
}

// Definitions are the CustomResourceDefinitions. Like in kube-apiserver, they
// are stored as v1beta1, because that form is smaller.
var Definitions = &registry.Plain{
	Describe: registry.Info{
		GVR:            apiextensionsv1.SchemeGroupVersion.WithResource("customresourcedefinitions"),
		Versions:       []schema.GroupVersion{apiextensionsv1.SchemeGroupVersion},
		New:            func() runtime.Object { return &internal.CustomResourceDefinition{} },
		Stored:         true,
		Prefix:         "apiextensions.k8s.io/customresourcedefinitions",
		StorageVersion: "v1beta1",
		StoredAsJSON:   true,
		WatchCached:    true,
		Codec:          shareSchemas,
	},
	Make: storage,
}

// columnsSince is the first version of Kubernetes in which the table has more
// columns than the name and the creation time.
var columnsSince = version.MajorMinor(1, 37)

func storage(deps registry.Deps) (map[string]rest.Storage, error) {
	main, err := customresourcedefinition.NewREST(Scheme, deps.RESTOptions)
	if err != nil {
		return nil, err
	}
	if !features.Emulates(columnsSince) {
		main.TableConvertor = rest.NewDefaultTableConvertor(main.DefaultQualifiedResource)
	}
	main.CreateStrategy = createStrategy{main.CreateStrategy}
	main.UpdateStrategy = updateStrategy{RESTUpdateStrategy: main.UpdateStrategy, last: &lastUnpacked{}}
	return map[string]rest.Storage{
		"customresourcedefinitions":        main,
		"customresourcedefinitions/status": customresourcedefinition.NewStatusREST(Scheme, main),
	}, nil
}
