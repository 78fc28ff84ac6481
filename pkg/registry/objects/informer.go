package objects

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"
)

// InformerOptions says which objects an informer follows, and what it keeps of them. The
// zero value is all of them as they are.
type InformerOptions struct {
	// Resync is the interval after which handlers are told of all objects again; 0 means
	// never.
	Resync time.Duration
	// Namespace and Name, if not empty, are those of the objects.
	Namespace, Name string
	Indexers        cache.Indexers
	// Transform, if not nil, returns the transformation to what is kept. It is given that to the
	// objects of the storage, which several informers share.
	Transform func(shared cache.TransformFunc) cache.TransformFunc
}

// NewInformer returns an informer that follows a resource in the storage of this server. Nobody
// may change its objects. As long as nothing of the resource is written, it has the objects
// but no goroutine; its Run returns then, although it goes on.
func NewInformer(o *Access, resource schema.GroupVersionResource, options InformerOptions) cache.SharedIndexInformer {
	begun := NewBegun(scoped(o, resource, options.Namespace, options.Name))
	indexers := options.Indexers
	if indexers == nil {
		indexers = cache.Indexers{}
	}
	informer := cache.NewSharedIndexInformerWithOptions(begun, nil, cache.SharedIndexInformerOptions{
		ResyncPeriod: options.Resync, ObjectDescription: resource.String(), Indexers: indexers,
	})
	dormant := newDormantInformer(informer, begun, options.Resync, func() context.Context { return o.Stillness(resource) })
	transform := Shared(o, resource)
	if options.Transform != nil {
		transform = options.Transform(transform)
		dormant.keep = options.Transform(func(obj any) (any, error) { return obj, nil })
	}
	_ = informer.SetTransform(transform) // fails only for an informer that runs
	return dormant
}

// Stillness returns a context that ends before the first write of a resource since the
// start of the server. It returns nil if that is not known.
func (o *Access) Stillness(resource schema.GroupVersionResource) context.Context {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if o.stillness == nil {
		return nil
	}
	return o.stillness(resource.GroupResource())
}

// KnowStillness sets how Stillness knows it. Without it, it is never known.
func (o *Access) KnowStillness(stillness func(schema.GroupResource) context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stillness = stillness
}
