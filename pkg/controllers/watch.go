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
	// keys returns the keys to add to the queue after a change of an object of the
	// informer. The old object is nil if the object is new, and obj is nil if it has
	// been deleted. keys is nil if the loop only reads from the informer.
	keys func(old, obj any) ([]string, error)
}

// On returns a watch that adds keys to the queue whenever an object is created,
// changed or deleted, and after each resync of the informer. The function keys
// returns the keys for an object of type T, such as *corev1.Pod. After a change
// it is called for both the old and the new object, because they may concern
// different keys. It must not change the objects.
func On[T metav1.Object](informer cache.SharedInformer, keys func(obj T) []string) Watch {
	return Watch{informer, func(old, obj any) (all []string, err error) {
		for _, v := range []any{old, obj} {
			if v == nil {
				continue
			}
			t, err := as[T](v)
			if err != nil {
				return nil, err
			}
			all = append(all, keys(t)...)
		}
		return all, nil
	}}
}

// OnChange returns a watch as On does, for a function that compares the old object
// with the new one. The old one is nil if the object is new, and the new one is nil
// if it has been deleted.
func OnChange[T metav1.Object](informer cache.SharedInformer, keys func(old, obj T) []string) Watch {
	return Watch{informer, func(old, obj any) ([]string, error) {
		o, err := as[T](old)
		if err != nil {
			return nil, err
		}
		n, err := as[T](obj)
		if err != nil {
			return nil, err
		}
		return keys(o, n), nil
	}}
}

// as returns the object of an event. It is nil if there is none.
func as[T metav1.Object](obj any) (t T, err error) {
	if obj == nil {
		return t, nil
	}
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = gone.Obj
	}
	t, ok := obj.(T)
	if !ok {
		return t, fmt.Errorf("the object is a %T, not a %T", obj, t)
	}
	return t, nil
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
	add := func(old, obj any) {
		err := protect(func() error {
			keys, err := w.keys(old, obj)
			for _, key := range keys {
				l.Add(key)
			}
			return err
		})
		if err != nil {
			klog.FromContext(ctx).Error(err, "Failed to handle an event of a watch, the event is lost")
		}
	}
	registration, err := w.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { add(nil, obj) },
		UpdateFunc: func(old, obj any) { add(old, obj) },
		DeleteFunc: func(obj any) { add(obj, nil) },
	})
	if err != nil {
		return nil, nil, err
	}
	stop = func() { _ = w.informer.RemoveEventHandler(registration) } // fails only for registrations of other informers
	return registration.HasSyncedChecker().Done(), stop, nil
}
