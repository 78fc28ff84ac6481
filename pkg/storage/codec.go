package storage

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

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
