package server

import (
	"reflect"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/informers/admissionregistration"
	"k8s.io/client-go/informers/apiserverinternal"
	"k8s.io/client-go/informers/apps"
	"k8s.io/client-go/informers/autoscaling"
	"k8s.io/client-go/informers/batch"
	"k8s.io/client-go/informers/certificates"
	"k8s.io/client-go/informers/coordination"
	"k8s.io/client-go/informers/core"
	"k8s.io/client-go/informers/discovery"
	"k8s.io/client-go/informers/events"
	"k8s.io/client-go/informers/extensions"
	"k8s.io/client-go/informers/flowcontrol"
	"k8s.io/client-go/informers/internalinterfaces"
	"k8s.io/client-go/informers/lifecycle"
	"k8s.io/client-go/informers/networking"
	"k8s.io/client-go/informers/node"
	"k8s.io/client-go/informers/policy"
	"k8s.io/client-go/informers/rbac"
	"k8s.io/client-go/informers/resource"
	"k8s.io/client-go/informers/scheduling"
	"k8s.io/client-go/informers/storage"
	"k8s.io/client-go/informers/storagemigration"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// directFactory makes informers that follow the storage of the server instead of
// asking it over a connection. For a type that is not stored as it is, it leaves the
// informer to the library's factory.
type directFactory struct {
	informers.SharedInformerFactory
	objects *objects.Access
	// resources are those that are stored as the type.
	resources map[reflect.Type]schema.GroupVersionResource

	mu sync.Mutex
	// made are the informers that follow the storage.
	made map[schema.GroupVersionResource]cache.SharedIndexInformer
}

func newDirectFactory(client kubernetes.Interface, access *objects.Access, groups []registry.Group) *directFactory {
	f := &directFactory{
		SharedInformerFactory: informers.NewSharedInformerFactory(client, informerResync),
		objects:               access,
		resources:             map[reflect.Type]schema.GroupVersionResource{},
		made:                  map[schema.GroupVersionResource]cache.SharedIndexInformer{},
	}
	for _, group := range groups {
		for _, definition := range group.Resources {
			if info := definition.Info(); info.Stored {
				f.resources[reflect.TypeOf(info.New())] = info.GVR
			}
		}
	}
	return f
}

// InformerFor implements informers.SharedInformerFactory.
func (f *directFactory) InformerFor(obj runtime.Object, newInformer internalinterfaces.NewInformerFunc) cache.SharedIndexInformer {
	gvr, direct := f.resources[reflect.TypeOf(obj)]
	if direct {
		newInformer = func(_ kubernetes.Interface, resync time.Duration) cache.SharedIndexInformer {
			return objects.NewInformer(f.objects, gvr, objects.InformerOptions{
				Resync: resync, Indexers: cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc}})
		}
	}
	informer := f.SharedInformerFactory.InformerFor(obj, newInformer)
	if direct {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.made[gvr] = informer
	}
	return informer
}

// existing returns the informer of a resource, or nil if nobody has asked for it.
func (f *directFactory) existing(gvr schema.GroupVersionResource) cache.SharedIndexInformer {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.made[gvr]
}

// ForResource implements informers.SharedInformerFactory.
func (f *directFactory) ForResource(gvr schema.GroupVersionResource) (informers.GenericInformer, error) {
	for goType, stored := range f.resources {
		if stored == gvr {
			f.InformerFor(reflect.New(goType.Elem()).Interface().(runtime.Object), nil)
		}
	}
	return f.SharedInformerFactory.ForResource(gvr)
}

// The methods below lead to the informers of the groups. They are the library's, but
// each gets its informer from here.

// Admissionregistration implements informers.SharedInformerFactory.
func (f *directFactory) Admissionregistration() admissionregistration.Interface {
	return admissionregistration.New(f, "", nil)
}

// Internal implements informers.SharedInformerFactory.
func (f *directFactory) Internal() apiserverinternal.Interface {
	return apiserverinternal.New(f, "", nil)
}

// Apps implements informers.SharedInformerFactory.
func (f *directFactory) Apps() apps.Interface { return apps.New(f, "", nil) }

// Autoscaling implements informers.SharedInformerFactory.
func (f *directFactory) Autoscaling() autoscaling.Interface { return autoscaling.New(f, "", nil) }

// Batch implements informers.SharedInformerFactory.
func (f *directFactory) Batch() batch.Interface { return batch.New(f, "", nil) }

// Certificates implements informers.SharedInformerFactory.
func (f *directFactory) Certificates() certificates.Interface { return certificates.New(f, "", nil) }

// Coordination implements informers.SharedInformerFactory.
func (f *directFactory) Coordination() coordination.Interface { return coordination.New(f, "", nil) }

// Core implements informers.SharedInformerFactory.
func (f *directFactory) Core() core.Interface { return core.New(f, "", nil) }

// Discovery implements informers.SharedInformerFactory.
func (f *directFactory) Discovery() discovery.Interface { return discovery.New(f, "", nil) }

// Events implements informers.SharedInformerFactory.
func (f *directFactory) Events() events.Interface { return events.New(f, "", nil) }

// Extensions implements informers.SharedInformerFactory.
func (f *directFactory) Extensions() extensions.Interface { return extensions.New(f, "", nil) }

// Flowcontrol implements informers.SharedInformerFactory.
func (f *directFactory) Flowcontrol() flowcontrol.Interface { return flowcontrol.New(f, "", nil) }

// Lifecycle implements informers.SharedInformerFactory.
func (f *directFactory) Lifecycle() lifecycle.Interface { return lifecycle.New(f, "", nil) }

// Networking implements informers.SharedInformerFactory.
func (f *directFactory) Networking() networking.Interface { return networking.New(f, "", nil) }

// Node implements informers.SharedInformerFactory.
func (f *directFactory) Node() node.Interface { return node.New(f, "", nil) }

// Policy implements informers.SharedInformerFactory.
func (f *directFactory) Policy() policy.Interface { return policy.New(f, "", nil) }

// Rbac implements informers.SharedInformerFactory.
func (f *directFactory) Rbac() rbac.Interface { return rbac.New(f, "", nil) }

// Resource implements informers.SharedInformerFactory.
func (f *directFactory) Resource() resource.Interface { return resource.New(f, "", nil) }

// Scheduling implements informers.SharedInformerFactory.
func (f *directFactory) Scheduling() scheduling.Interface { return scheduling.New(f, "", nil) }

// Storage implements informers.SharedInformerFactory.
func (f *directFactory) Storage() storage.Interface { return storage.New(f, "", nil) }

// Storagemigration implements informers.SharedInformerFactory.
func (f *directFactory) Storagemigration() storagemigration.Interface {
	return storagemigration.New(f, "", nil)
}
