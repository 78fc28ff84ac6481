package storage

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
)

// WithoutKinds wraps restOptions for resources whose hub type is the type that
// is stored: objects that are read from storage have an empty TypeMeta. It
// serves embedded and external etcd alike.
func WithoutKinds(restOptions generic.RESTOptionsGetter) generic.RESTOptionsGetter {
	return hubOptions{restOptions}
}

type hubOptions struct{ generic.RESTOptionsGetter }

// GetRESTOptions implements generic.RESTOptionsGetter.
func (h hubOptions) GetRESTOptions(resource schema.GroupResource, example runtime.Object) (generic.RESTOptions, error) {
	options, err := h.RESTOptionsGetter.GetRESTOptions(resource, example)
	if err != nil {
		return options, err
	}
	options.StorageConfig.Codec = kindless{options.StorageConfig.Codec}
	return options, nil
}

// kindless clears the kind and the version of each typed object that it
// decodes. A codec that converts from the stored type to a different hub type
// clears them as a side effect. Here hub type and stored type are the same Go
// type, so nothing is converted and the TypeMeta would stay; clients would then
// see it in the items of a list.
type kindless struct{ runtime.Codec }

// Decode implements runtime.Decoder.
func (k kindless) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	obj, gvk, err := k.Codec.Decode(data, defaults, into)
	if err != nil || into == nil {
		return obj, gvk, err
	}
	if _, untyped := obj.(runtime.Unstructured); !untyped {
		obj.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	}
	return obj, gvk, nil
}
