package storage

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/stack"
)

// hubOptions wraps the codec of each resource: objects that are read have an
// empty TypeMeta, and a definition can add a codec of its own. It serves
// embedded and external etcd alike.
type hubOptions struct {
	generic.RESTOptionsGetter
	codecs    map[schema.GroupResource]func(runtime.Codec) runtime.Codec
	fieldSets *fieldSets
	pieces    *pieces
}

// codecs returns the codecs that the definitions add.
func codecs(groups []registry.Group) map[schema.GroupResource]func(runtime.Codec) runtime.Codec {
	all := map[schema.GroupResource]func(runtime.Codec) runtime.Codec{}
	each(groups, func(_ registry.Group, info registry.Info) {
		if info.Codec != nil {
			all[info.GVR.GroupResource()] = info.Codec
		}
	})
	return all
}

// GetRESTOptions implements generic.RESTOptionsGetter.
func (h hubOptions) GetRESTOptions(resource schema.GroupResource, example runtime.Object) (generic.RESTOptions, error) {
	options, err := h.RESTOptionsGetter.GetRESTOptions(resource, example)
	if err != nil {
		return options, err
	}
	options.StorageConfig.Codec = kindless{options.StorageConfig.Codec, h.fieldSets, h.pieces}
	if wrap := h.codecs[resource]; wrap != nil {
		options.StorageConfig.Codec = wrap(options.StorageConfig.Codec)
	}
	return options, nil
}

// kindless clears the kind and the version of each typed object that it
// decodes. A codec that converts from the stored type to a different hub type
// clears them as a side effect. Here hub type and stored type are the same Go
// type, so nothing is converted and the TypeMeta would stay; clients would then
// see it in the items of a list.
type kindless struct {
	runtime.Codec
	fieldSets *fieldSets
	pieces    *pieces
}

// Decode implements runtime.Decoder.
func (k kindless) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	stack.Grow() // the watch cache decodes each event in a goroutine of its own
	obj, gvk, err := k.Codec.Decode(data, defaults, into)
	if err != nil {
		return obj, gvk, err
	}
	if _, untyped := obj.(runtime.Unstructured); !untyped {
		k.fieldSets.share(obj)
		if into != nil {
			obj.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
		} else { // for an event, whose object the watch cache keeps; the codec has cleared the kind
			k.pieces.share(obj, data) // last, because afterwards nothing in the object may change
		}
	}
	return obj, gvk, nil
}
