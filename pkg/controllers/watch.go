package controllers

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// Watch is an informer that a loop uses.
type Watch struct {
	informer cache.SharedInformer
	// keys returns the keys to add to the queue for an object of the informer.
	// It is nil if the loop only reads from the informer.
	keys func(obj any) ([]string, error)
}

// On returns a watch that adds keys to the queue whenever an object is created,
// changed or deleted, and after each resync of the informer. The function keys
// returns the keys for an object of type T, such as *corev1.Pod. After a change
// it is called for both the old and the new object, because they may concern
// different keys. It must not change the objects.
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

// Reads returns a watch of an informer from which Sync only reads. The loop
// waits until the informer has synced.
func Reads(informer cache.SharedInformer) Watch { return Watch{informer: informer} }

// Self is a keys function for On. It returns the key of the object itself,
// which is namespace/name, or only the name if there is no namespace.
// cache.SplitMetaNamespaceKey splits such a key.
func Self[T metav1.Object](obj T) []string { return []string{cache.MetaObjectToName(obj).String()} }

// follow adds the keys of events to the queue. It returns a channel that is
// closed when the keys of all objects that existed at the start have been
// added, and a function that ends the watch.
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
			klog.FromContext(ctx).Error(err, "Failed to handle an event of a watch, the event is lost")
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
	stop = func() { _ = w.informer.RemoveEventHandler(registration) } // fails only for registrations of other informers
	return registration.HasSyncedChecker().Done(), stop, nil
}
