// Package garbagecollector implements the controller that deletes objects whose owners
// are gone. It follows all objects that can be deleted, custom resources included, in a
// graph of owners and dependents. It also does what a deletion in the foreground and one
// that orphans wait for: those leave a finalizer in the object, which the collector
// removes in the end.
//
// The graph only says where to look: what is deleted or changed is read anew before,
// and so are its owners.
package garbagecollector

import (
	"context"
	"sync/atomic"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kube-aggregator/pkg/controllers/autoregister"
	"k8s.io/utils/lru"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "garbage-collector-controller"

const (
	// workers is the default of kube-controller-manager's --concurrent-gc-syncs.
	workers = 20
	// period is how often the collector asks which resources are served, in any case.
	// After a change of a definition it asks soon, because the server takes a moment to
	// serve what is defined, and then after times that double.
	period = 30 * time.Second
	// soon is after what time something is tried again that waits for others.
	soon = 200 * time.Millisecond
	// remembered is how many absent owners and reported references are remembered.
	remembered = 1000
)

// discoveryKey is the key for asking which resources are served. All other keys are uids.
const discoveryKey = "discovery"

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "garbagecollector",
		New: func(d controllers.Deps) *controllers.Loop {
			c := &collector{client: d.Client, metadata: d.Metadata, graph: newGraph(), absent: lru.New(remembered), reported: lru.New(remembered)}
			c.monitors = newMonitors(d, c.graph, c.look)
			c.loop = &controllers.Loop{
				Workers: workers,
				Watches: []controllers.Watch{
					controllers.On(definitions(d), c.redefined),
					controllers.On(apiServices(d), c.redefined),
				},
				First: []string{discoveryKey},
				Sync:  c.sync,
			}
			return c.loop
		},
	}
}

// customResourceDefinition and apiService keep the informers of labels apart from
// those of the whole objects, which others may have.
type (
	customResourceDefinition struct{ metav1.PartialObjectMetadata }
	apiService               struct{ metav1.PartialObjectMetadata }
)

// definitions returns an informer of the definitions of custom resources.
func definitions(d controllers.Deps) cache.SharedIndexInformer {
	return labelsInformer(d, &customResourceDefinition{}, apiextensionsv1.SchemeGroupVersion.WithResource("customresourcedefinitions"))
}

// apiServices returns an informer of the versions of groups that the server has.
func apiServices(d controllers.Deps) cache.SharedIndexInformer {
	return labelsInformer(d, &apiService{}, schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"})
}

// labelsInformer returns an informer that keeps only the names and the labels of objects.
func labelsInformer(d controllers.Deps, key runtime.Object, gvr schema.GroupVersionResource) cache.SharedIndexInformer {
	return d.Informers.InformerFor(key, func(kubernetes.Interface, time.Duration) cache.SharedIndexInformer {
		return objects.NewInformer(d.Objects, gvr, objects.InformerOptions{
			Transform: func(cache.TransformFunc) cache.TransformFunc { return nameAndLabels }})
	})
}

func nameAndLabels(obj any) (any, error) {
	whole, err := meta.Accessor(obj)
	if err != nil {
		return obj, nil // what has been deleted while the watch was interrupted
	}
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		Name: whole.GetName(), UID: whole.GetUID(), ResourceVersion: whole.GetResourceVersion(), Labels: whole.GetLabels()}}, nil
}

type collector struct {
	client   kubernetes.Interface
	metadata metadata.Interface
	loop     *controllers.Loop
	graph    *graph
	monitors *monitors
	// served is replaced by each discovery.
	served atomic.Pointer[served]
	// changed is when a definition changed last, in nanoseconds since 1970, or 0: the
	// resources of the server itself are there from the beginning.
	changed atomic.Int64
	// absent are owners that are known not to exist, and will never.
	absent *lru.Cache
	// reported are the references of which an event has told.
	reported *lru.Cache
}

// redefined is called when the server may have other resources. The APIServices that
// the server makes itself, for its groups and for definitions, tell nothing new.
func (c *collector) redefined(m *metav1.PartialObjectMetadata) []string {
	if _, automatic := m.Labels[autoregister.AutoRegisterManagedLabel]; automatic {
		return nil
	}
	c.changed.Store(time.Now().UnixNano())
	return []string{discoveryKey}
}

// look adds objects to the queue.
func (c *collector) look(uids ...types.UID) {
	for _, uid := range uids {
		c.loop.Add(string(uid))
	}
}

func (c *collector) sync(ctx context.Context, key string) error {
	if key == discoveryKey {
		return c.discover(ctx)
	}
	uid := types.UID(key)
	o, concerned := c.graph.get(uid)
	if !concerned {
		return nil
	}
	if !c.monitors.listed() {
		c.loop.AddAfter(key, soon)
		return nil
	}
	switch o.phase {
	case orphaning:
		return c.orphan(ctx, o)
	case foreground:
		return c.release(ctx, o)
	}
	return c.collect(ctx, o)
}

// discover follows the resources that are served now. If there are other kinds than
// before, all objects are looked at again of which an owner may have such a kind.
func (c *collector) discover(ctx context.Context) error {
	before := served{}
	if s := c.served.Load(); s != nil {
		before = *s
	}
	s, err := discover(ctx, c.client.Discovery(), before)
	if err != nil {
		return err
	}
	c.served.Store(&s)
	c.monitors.follow(ctx, s)
	if !s.sameKinds(before) {
		c.look(c.graph.allConcerned()...)
	}
	c.loop.AddAfter(discoveryKey, min(period, max(soon, time.Since(time.Unix(0, c.changed.Load())))))
	return nil
}
