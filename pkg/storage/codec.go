package storage

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
)

// WithoutKinds makes the storage of hub types from restOptions, for an embedded
// or an external etcd.
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

// kindless decodes objects without their kind and version, as a codec does that
// converts to a hub of another type: here hub and stored type are one, and what
// is decoded into an object keeps its TypeMeta. The items of lists that are
// read from etcd would show it to clients.
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
