package controllers

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// Watch is something that a loop follows.
type Watch struct {
	informer cache.SharedInformer
	// keys returns the keys that an object of the informer concerns; nil if the
	// loop only reads.
	keys func(obj any) ([]string, error)
}

// On returns a watch that makes the loop look at some keys whenever an object
// is new, has changed or is gone, and after every resync of the informer. keys
// returns them for an object of the type T, such as *corev1.Pod; a change calls
// it for the object as it was, too, because that may have concerned other keys.
// The objects belong to the informer and must not be changed.
func On[T metav1.Object](informer cache.SharedInformer, keys func(obj T) []string) Watch {
	return Watch{informer, func(obj any) ([]string, error) {
		if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
			obj = gone.Obj
		}
		t, ok := obj.(T)
		if !ok {
			return nil, fmt.Errorf("the object is a %T, not a %T", obj, t)
		}
		return keys(t), nil
	}}
}

// Reads returns a watch of an informer that Sync only reads from: the loop waits
// for it at the start.
func Reads(informer cache.SharedInformer) Watch { return Watch{informer: informer} }

// Self is the keys function of On for the object itself: its key is
// namespace/name, or only the name without a namespace. cache.SplitMetaNamespaceKey
// takes it apart.
func Self[T metav1.Object](obj T) []string { return []string{cache.MetaObjectToName(obj).String()} }

// follow adds the keys of the watch's events to the loop. It returns a channel
// that is closed when the objects that there were at the start are among them,
// and a function that ends it.
func (w Watch) follow(ctx context.Context, l *Loop) (synced <-chan struct{}, stop func(), err error) {
	if w.keys == nil {
		return w.informer.HasSyncedChecker().Done(), func() {}, nil
	}
	add := func(objects ...any) {
		err := protect(func() error {
			for _, obj := range objects {
				keys, err := w.keys(obj)
				if err != nil {
					return err
				}
				for _, key := range keys {
					l.Add(key)
				}
			}
			return nil
		})
		if err != nil {
			klog.FromContext(ctx).Error(err, "An event of a watch is lost")
		}
	}
	registration, err := w.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { add(obj) },
		UpdateFunc: func(old, obj any) { add(old, obj) },
		DeleteFunc: func(obj any) { add(obj) },
	})
	if err != nil {
		return nil, nil, err
	}
	stop = func() { _ = w.informer.RemoveEventHandler(registration) } // fails only for what another informer has registered
	return registration.HasSyncedChecker().Done(), stop, nil
}
