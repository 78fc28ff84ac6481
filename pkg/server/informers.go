package server

import (
	"context"
	"maps"
	"reflect"
	"sync/atomic"
)

// ownInformers are the informers of the server, which it shares with the
// controllers. Only its own ones have to be synced for the server to be ready: a
// controller that cannot read its objects, because they cannot be decrypted for
// example, must not stop everything else.
type ownInformers struct {
	*directFactory
	// own has the types of the informers that were there before the controllers.
	own atomic.Pointer[map[reflect.Type]bool]
}

// start starts the informers of the server. It must be called before the
// controllers ask for theirs.
func (o *ownInformers) start(ctx context.Context) {
	o.StartWithContext(ctx)
	ended := make(chan struct{})
	close(ended)
	own := o.SharedInformerFactory.WaitForCacheSync(ended) // does not wait
	o.own.Store(&own)
}

// WaitForCacheSync implements informers.SharedInformerFactory. The readiness check
// calls it.
func (o *ownInformers) WaitForCacheSync(stop <-chan struct{}) map[reflect.Type]bool {
	synced := o.SharedInformerFactory.WaitForCacheSync(stop)
	if own := o.own.Load(); own != nil {
		maps.DeleteFunc(synced, func(informer reflect.Type, _ bool) bool {
			_, ok := (*own)[informer]
			return !ok
		})
	}
	return synced
}
