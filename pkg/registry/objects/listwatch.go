package objects

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/client-go/tools/cache"
)

// ListWatch returns what an informer of the server needs to follow a resource. It
// gives the objects of the storage itself, which nobody may change: informers share
// them with the watch cache, and nothing is encoded and decoded in between. Events of a watch
// have to be transformed by [Shared]; their type is not that of the objects. As long as the resource is
// not served, it answers with NotFound.
func ListWatch(o *Access, resource schema.GroupVersionResource) cache.ListerWatcher {
	return scoped(o, resource, "", "")
}

// scoped is ListWatch of the objects with a namespace and a name; if one is empty, it
// may be any.
func scoped(o *Access, resource schema.GroupVersionResource, namespace, name string) cache.ListerWatcher {
	return listWatch{&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			ctx, s, err := request[rest.Lister](ctx, o, resource, namespace, name, "list")
			if err != nil {
				return nil, err
			}
			internal, err := internalOptions(options, name)
			if err != nil {
				return nil, err
			}
			return s.List(Following(ctx), internal)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			ctx, s, err := request[rest.Watcher](ctx, o, resource, namespace, name, "watch")
			if err != nil {
				return nil, err
			}
			internal, err := internalOptions(options, name)
			if err != nil {
				return nil, err
			}
			return s.Watch(Following(ctx), internal)
		},
	}}
}

// following is the key of the mark of lists and watches of a [ListWatch].
type following struct{}

// Following marks a list and a watch as those of an informer of the server, which never
// changes what it gets.
func Following(ctx context.Context) context.Context { return context.WithValue(ctx, following{}, true) }

// IsFollowing reports whether the list of an informer of the server is read, or its
// watch, which begins where the list ends.
func IsFollowing(ctx context.Context) bool { return ctx.Value(following{}) != nil }

// listWatch follows by a list and a watch. The list of a cache shares its objects,
// whereas each event of a watch has a copy.
type listWatch struct{ *cache.ListWatch }

// IsWatchListSemanticsUnSupported keeps reflectors from streaming the list.
func (listWatch) IsWatchListSemanticsUnSupported() bool { return true }

func internalOptions(options metav1.ListOptions, name string) (*metainternalversion.ListOptions, error) {
	if name != "" {
		options.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
	}
	internal := &metainternalversion.ListOptions{}
	if err := metainternalversion.Convert_v1_ListOptions_To_internalversion_ListOptions(&options, internal, nil); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return internal, nil
}

// Shared returns the transformation of what [ListWatch] gives to an informer, which keeps it. The
// watch cache gives each watch a copy of an object of its own; instead of that, the informer
// gets the object of the cache, unless there is a newer one already. So an object is in memory
// once, and not once more for each informer.
func Shared(o *Access, resource schema.GroupVersionResource) cache.TransformFunc {
	return func(obj any) (any, error) {
		own, err := meta.Accessor(obj)
		if err != nil {
			return obj, nil // what has been deleted while the watch was interrupted
		}
		ctx, s, err := request[rest.Getter](context.Background(), o, resource, own.GetNamespace(), own.GetName(), "get")
		if err == nil {
			shared, err := s.Get(ctx, own.GetName(), &metav1.GetOptions{ResourceVersion: "0"})
			if err == nil && sameVersion(shared, own) {
				return shared, nil
			}
		}
		if event, ok := obj.(runtime.CacheableObject); ok {
			// Several watches share this, with its encoded bytes.
			return event.GetObject(), nil
		}
		return obj, nil
	}
}

func sameVersion(obj runtime.Object, other metav1.Object) bool {
	own, err := meta.Accessor(obj)
	return err == nil && own.GetUID() == other.GetUID() && own.GetResourceVersion() == other.GetResourceVersion()
}
