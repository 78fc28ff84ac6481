package bootstrap

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapiserver "k8s.io/apiserver/pkg/server"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// systemNamespaces lists the namespaces that exist in every cluster.
var systemNamespaces = []string{metav1.NamespaceSystem, metav1.NamespacePublic, corev1.NamespaceNodeLease, metav1.NamespaceDefault}

// namespaces creates the system namespaces, and creates them again after they
// were deleted.
func namespaces(n Needs) genericapiserver.PostStartHookFunc {
	informer := n.Informers.Core().V1().Namespaces()
	lister := informer.Lister()
	deleted := signals.NewPulse()
	_, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{DeleteFunc: func(any) { deleted.Enqueue() }})
	return func(hook genericapiserver.PostStartHookContext) error {
		if err != nil {
			return err
		}
		if err := ensureNamespaces(hook, n, nil); err != nil {
			return err
		}
		go keep(hook, resyncInterval, deleted, func(ctx context.Context) error { return ensureNamespaces(ctx, n, lister) })
		return nil
	}
}

// ensureNamespaces creates the system namespaces that do not exist. It asks the lister,
// or the storage if lister is nil.
func ensureNamespaces(ctx context.Context, n Needs, lister corelisters.NamespaceLister) error {
	for _, name := range systemNamespaces {
		if lister != nil {
			if _, err := lister.Get(name); err == nil {
				continue
			}
		}
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if err := createMissing(ctx, n.Objects, namespaceResource, n.Client.CoreV1().Namespaces(), namespace); err != nil {
			return fmt.Errorf("namespace %s: %w", name, err)
		}
	}
	return nil
}
