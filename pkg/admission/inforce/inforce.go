// Package inforce tells when the admission plugins of k8s.io/apiserver, and the
// authorizers, have taken over a change that they read through an informer. The answer to
// a write waits for it, so that a webhook is called, a limit range holds, and a role
// gives its rights, from the answer to its creation on. With kube-apiserver clients have
// to wait for some time that nobody tells them.
package inforce

import (
	"strconv"
	"sync"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/informers/admissionregistration"
	v1informers "k8s.io/client-go/informers/admissionregistration/v1"
	"k8s.io/client-go/tools/cache"
)

// limit is how long a write waits at most. It is upstream's interval for changes
// to come into force.
const limit = time.Second

// Tracker knows which changes the plugins have taken over. Its zero value is ready
// to use.
type Tracker struct {
	mu      sync.RWMutex
	reached map[schema.GroupResource]*mark
}

// mark is the newest change that the handlers of one informer have taken over.
type mark struct {
	mu       sync.Mutex
	revision uint64
	// handlers counts the handlers. The newest one moves the mark: it takes the place of
	// the earlier ones.
	handlers int
	// moved is closed when the revision becomes larger.
	moved chan struct{}
}

// Wait returns when the plugins have taken over the write that gave obj its
// resource version, or at the latest after a second. It returns at once if no
// plugin reads the resource.
func (t *Tracker) Wait(resource schema.GroupResource, obj metav1.Object) {
	t.mu.RLock()
	m := t.reached[resource]
	t.mu.RUnlock()
	if m == nil {
		return
	}
	revision, err := strconv.ParseUint(obj.GetResourceVersion(), 10, 64)
	if err != nil {
		return
	}
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	for {
		m.mu.Lock()
		reached, moved := m.revision >= revision, m.moved
		m.mu.Unlock()
		if reached {
			return
		}
		select {
		case <-moved:
		case <-timeout.C:
			return
		}
	}
}

// Informers returns a factory whose informers tell the tracker what their
// handlers have taken over. It is for the plugins, before the informers start.
func (t *Tracker) Informers(f informers.SharedInformerFactory) informers.SharedInformerFactory {
	return factory{f, t}
}

// follow returns the informer of a resource that a plugin reads by a handler of its
// own.
func (t *Tracker) follow(resource schema.GroupResource, informer cache.SharedIndexInformer) cache.SharedIndexInformer {
	return followed{informer, t.mark(resource)}
}

// FollowCache follows the informer of a resource that plugins read by its lister.
// The cache is up to date when handlers are called.
func (t *Tracker) FollowCache(resource schema.GroupResource, informer cache.SharedIndexInformer) error {
	_, err := t.follow(resource, informer).AddEventHandler(cache.ResourceEventHandlerFuncs{})
	return err
}

// mark returns the mark of a resource.
func (t *Tracker) mark(resource schema.GroupResource) *mark {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.reached == nil {
		t.reached = map[schema.GroupResource]*mark{}
	}
	if m := t.reached[resource]; m != nil {
		return m
	}
	m := &mark{moved: make(chan struct{})}
	t.reached[resource] = m
	return m
}

// handler returns the number of a new handler.
func (m *mark) handler() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.handlers++
	return m.handlers
}

// handled moves the mark to an object that the handler of a number has taken over.
func (m *mark) handled(handler int, obj any) {
	if tombstone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = tombstone.Obj
	}
	accessor, err := meta.Accessor(obj)
	if err != nil {
		return
	}
	revision, err := strconv.ParseUint(accessor.GetResourceVersion(), 10, 64)
	if err != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if handler == m.handlers && revision > m.revision {
		m.revision = revision
		close(m.moved)
		m.moved = make(chan struct{})
	}
}

// followed is an informer that notes what its newest handler has taken over, which is
// that of the plugin that reads the resource. The handlers get the objects that are there
// already first, so that a new handler reaches what earlier ones have reached.
type followed struct {
	cache.SharedIndexInformer
	mark *mark
}

// AddEventHandler implements cache.SharedInformer.
func (f followed) AddEventHandler(handler cache.ResourceEventHandler) (cache.ResourceEventHandlerRegistration, error) {
	number := f.mark.handler()
	return f.SharedIndexInformer.AddEventHandler(cache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(obj any, isInInitialList bool) {
			handler.OnAdd(obj, isInInitialList)
			f.mark.handled(number, obj)
		},
		UpdateFunc: func(old, obj any) {
			handler.OnUpdate(old, obj)
			f.mark.handled(number, obj)
		},
		DeleteFunc: func(obj any) {
			handler.OnDelete(obj)
			f.mark.handled(number, obj)
		},
	})
}

// The types below lead from a factory to the informers that are followed. All
// others are the factory's own.
type (
	factory struct {
		informers.SharedInformerFactory
		tracker *Tracker
	}
	generic struct {
		informers.GenericInformer
		tracker  *Tracker
		resource schema.GroupResource
	}
	group struct {
		admissionregistration.Interface
		tracker *Tracker
	}
	version struct {
		v1informers.Interface
		tracker *Tracker
	}
	mutatingWebhooks struct {
		v1informers.TypedMutatingWebhookConfigurationInformer
		tracker *Tracker
	}
	validatingWebhooks struct {
		v1informers.TypedValidatingWebhookConfigurationInformer
		tracker *Tracker
	}
)

// Admissionregistration implements informers.SharedInformerFactory.
func (f factory) Admissionregistration() admissionregistration.Interface {
	return group{f.SharedInformerFactory.Admissionregistration(), f.tracker}
}

// V1 implements admissionregistration.Interface.
func (g group) V1() v1informers.Interface { return version{g.Interface.V1(), g.tracker} }

// MutatingWebhookConfigurations implements the interface of the version.
func (v version) MutatingWebhookConfigurations() v1informers.TypedMutatingWebhookConfigurationInformer {
	return mutatingWebhooks{v.Interface.MutatingWebhookConfigurations(), v.tracker}
}

// ValidatingWebhookConfigurations implements the interface of the version.
func (v version) ValidatingWebhookConfigurations() v1informers.TypedValidatingWebhookConfigurationInformer {
	return validatingWebhooks{v.Interface.ValidatingWebhookConfigurations(), v.tracker}
}

// Informer implements the informer of a resource.
func (w mutatingWebhooks) Informer() cache.SharedIndexInformer {
	return w.tracker.follow(admissionregistrationv1.Resource("mutatingwebhookconfigurations"), w.TypedMutatingWebhookConfigurationInformer.Informer())
}

// Informer implements the informer of a resource.
func (w validatingWebhooks) Informer() cache.SharedIndexInformer {
	return w.tracker.follow(admissionregistrationv1.Resource("validatingwebhookconfigurations"), w.TypedValidatingWebhookConfigurationInformer.Informer())
}

// ForResource implements informers.SharedInformerFactory. The policy plugins use it.
func (f factory) ForResource(resource schema.GroupVersionResource) (informers.GenericInformer, error) {
	informer, err := f.SharedInformerFactory.ForResource(resource)
	if err != nil {
		return nil, err
	}
	return generic{informer, f.tracker, resource.GroupResource()}, nil
}

// Informer implements informers.GenericInformer.
func (g generic) Informer() cache.SharedIndexInformer {
	return g.tracker.follow(g.resource, g.GenericInformer.Informer())
}
