package policies

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

const (
	// resync is the interval of the server's other informers.
	resync = 10 * time.Minute
	// syncTimeout is how long the first request that needs a kind of parameters
	// waits for them to be read. Later ones do not wait here.
	syncTimeout = time.Second
)

// params has the informers of the parameters of policies. An informer starts when a
// policy that is in force names its kind.
type params struct {
	// lifetime ends when the server stops.
	lifetime context.Context
	factory  informers.SharedInformerFactory
	client   dynamic.Interface
	mapper   meta.RESTMapper

	mu      sync.Mutex
	running map[schema.GroupVersionKind]param
}

// param is the running informer of one kind.
type param struct {
	informer informers.GenericInformer
	scope    meta.RESTScope
	// stop ends the informer. It is nil for one that the server shares.
	stop func()
}

func newParams(lifetime context.Context, f informers.SharedInformerFactory, client dynamic.Interface, mapper meta.RESTMapper) *params {
	return &params{lifetime: lifetime, factory: f, client: client, mapper: mapper, running: map[schema.GroupVersionKind]param{}}
}

// informer returns the informer of a kind, and starts it if it does not run.
func (p *params) informer(kind schema.GroupVersionKind) (informers.GenericInformer, meta.RESTScope, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if have, ok := p.running[kind]; ok {
		return have.informer, have.scope, nil
	}
	mapping, err := p.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) {
		// The mapper remembers what there is. kube-apiserver finds the kind of a
		// new custom resource up to half a minute later.
		meta.MaybeResetRESTMapper(p.mapper)
		mapping, err = p.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("failed to find resource referenced by paramKind: '%v'", kind)
	}
	started, err := p.start(mapping.Resource)
	if err != nil {
		return nil, nil, err
	}
	started.scope = mapping.Scope
	p.running[kind] = started
	signals.WaitFor(p.lifetime, syncTimeout, started.informer.Informer().HasSyncedChecker().Done())
	return started.informer, started.scope, nil
}

// start runs the informer of a resource: for a built-in one that which the server
// shares, and otherwise one of its own, which ends when no policy needs it.
func (p *params) start(resource schema.GroupVersionResource) (param, error) {
	if shared, err := p.factory.ForResource(resource); err == nil {
		// The handler is for the factory, which lets writes wait for its handlers.
		if _, err := shared.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{}); err != nil {
			return param{}, err
		}
		p.factory.StartWithContext(p.lifetime)
		return param{informer: shared}, nil
	}
	ctx, stop := context.WithCancel(p.lifetime)
	own := dynamicinformer.NewFilteredDynamicInformer(p.client, resource, corev1.NamespaceAll, resync,
		cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc}, nil)
	go own.Informer().RunWithContext(ctx)
	return param{informer: own, stop: stop}, nil
}

// keep stops the informers of the kinds that are not used any more.
func (p *params) keep(used map[schema.GroupVersionKind]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for kind, have := range p.running {
		if !used[kind] && have.stop != nil {
			have.stop()
			delete(p.running, kind)
		}
	}
}
