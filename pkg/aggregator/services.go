package aggregator

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	corev1informers "k8s.io/client-go/informers/core/v1"
	discoveryv1informers "k8s.io/client-go/informers/discovery/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoveryv1listers "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/cache"
)

// services is an informer whose lister also returns the backends that were
// registered in this process.
type services struct {
	informer cache.SharedIndexInformer
	backends *backends
}

var _ corev1informers.ServiceInformer = services{}

func newServices(c Config, served bool, b *backends) services {
	if served {
		return services{c.Informers.Core().V1().Services().Informer(), b}
	}
	return services{newUnserved(&corev1.Service{}), b}
}

// Informer implements corev1informers.ServiceInformer.
func (s services) Informer() cache.SharedIndexInformer { return s.informer }

// Lister implements corev1informers.ServiceInformer.
func (s services) Lister() corelisters.ServiceLister {
	return serviceLister{corelisters.NewServiceLister(s.informer.GetIndexer()), s.backends}
}

type serviceLister struct {
	corelisters.ServiceLister
	backends *backends
}

// Services implements corev1listers.ServiceLister.
func (l serviceLister) Services(namespace string) corelisters.ServiceNamespaceLister {
	return namespaceLister{l.ServiceLister.Services(namespace), namespace, l.backends}
}

type namespaceLister struct {
	corelisters.ServiceNamespaceLister
	namespace string
	backends  *backends
}

// Get implements corev1listers.ServiceNamespaceLister. A backend of this
// process is returned as a service of type ExternalName, because the
// availability controller does not look for the endpoints of such a service.
func (l namespaceLister) Get(name string) (*corev1.Service, error) {
	if own := l.backends.get(l.namespace, name); own != nil {
		return &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: l.namespace, Name: name},
			Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: own.Hostname()},
		}, nil
	}
	return l.ServiceNamespaceLister.Get(name)
}

// endpointSlices is the informer of endpoint slices.
type endpointSlices struct{ informer cache.SharedIndexInformer }

var _ discoveryv1informers.EndpointSliceInformer = endpointSlices{}

func newEndpointSlices(c Config, served bool) endpointSlices {
	if served {
		return endpointSlices{c.Informers.Discovery().V1().EndpointSlices().Informer()}
	}
	return endpointSlices{newUnserved(&discoveryv1.EndpointSlice{})}
}

// Informer implements discoveryv1informers.EndpointSliceInformer.
func (s endpointSlices) Informer() cache.SharedIndexInformer { return s.informer }

// Lister implements discoveryv1informers.EndpointSliceInformer.
func (s endpointSlices) Lister() discoveryv1listers.EndpointSliceLister {
	return discoveryv1listers.NewEndpointSliceLister(s.informer.GetIndexer())
}

// unserved is the informer of a resource that is not served. It is always
// empty, counts as synced, and is never run.
type unserved struct{ cache.SharedIndexInformer }

func newUnserved(object runtime.Object) unserved {
	return unserved{cache.NewSharedIndexInformer(&cache.ListWatch{}, object, 0,
		cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})}
}

// HasSynced implements cache.SharedInformer.
func (unserved) HasSynced() bool { return true }

// AddEventHandler implements cache.SharedInformer.
func (u unserved) AddEventHandler(handler cache.ResourceEventHandler) (cache.ResourceEventHandlerRegistration, error) {
	registration, err := u.SharedIndexInformer.AddEventHandler(handler)
	return synced{registration}, err
}

type synced struct {
	cache.ResourceEventHandlerRegistration
}

// HasSynced implements cache.ResourceEventHandlerRegistration.
func (synced) HasSynced() bool { return true }
