package objects

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/client-go/tools/cache"
)

// ListWatch returns what an informer of the server needs to follow a resource. It
// gives the objects of the storage itself, which nobody may change: informers share
// them with the watch cache, and nothing is encoded and decoded in between. Events of a watch
// have to be [Decoded]; their type is not that of the objects. As long as the resource is
// not served, it answers with NotFound.
func ListWatch(o *Access, resource schema.GroupVersionResource) cache.ListerWatcher {
	return listWatch{&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			ctx, s, err := request[rest.Lister](ctx, o, resource, "", "", "list")
			if err != nil {
				return nil, err
			}
			internal, err := internalOptions(options)
			if err != nil {
				return nil, err
			}
			return s.List(context.WithValue(ctx, following{}, true), internal)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			ctx, s, err := request[rest.Watcher](ctx, o, resource, "", "", "watch")
			if err != nil {
				return nil, err
			}
			internal, err := internalOptions(options)
			if err != nil {
				return nil, err
			}
			return s.Watch(context.WithValue(ctx, following{}, true), internal)
		},
	}}
}

// following is the key of the mark of lists and watches of a [ListWatch].
type following struct{}

// IsFollowing reports whether the list of an informer of the server is read, or its
// watch, which begins where the list ends.
func IsFollowing(ctx context.Context) bool { return ctx.Value(following{}) != nil }

// listWatch follows by a list and a watch. The list of a cache shares its objects,
// whereas each event of a watch has a copy.
type listWatch struct{ *cache.ListWatch }

// IsWatchListSemanticsUnSupported keeps reflectors from streaming the list.
func (listWatch) IsWatchListSemanticsUnSupported() bool { return true }

func internalOptions(options metav1.ListOptions) (*metainternalversion.ListOptions, error) {
	internal := &metainternalversion.ListOptions{}
	if err := metainternalversion.Convert_v1_ListOptions_To_internalversion_ListOptions(&options, internal, nil); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return internal, nil
}

// Decoded takes the object out of what the watch cache gives to several watches: they
// share encoded bytes, which an informer does not need. It is a cache.TransformFunc.
func Decoded(obj any) (any, error) {
	if shared, ok := obj.(runtime.CacheableObject); ok {
		return shared.GetObject(), nil
	}
	return obj, nil
}
