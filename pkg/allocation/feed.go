package allocation

import (
	"net/netip"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	informers "k8s.io/client-go/informers/networking/v1"
	networkinglisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
)

// NewAddresses returns an allocator that follows the objects of the informers.
func NewAddresses(objects IPAddresses, ranges informers.ServiceCIDRInformer, addresses informers.IPAddressInformer) (*Addresses, error) {
	registerMetrics()
	a := &Addresses{objects: objects, used: map[netip.Addr]struct{}{}}
	lister := ranges.Lister()
	reload := func(any) { a.setPools(readyRanges(lister)) }
	followed, err := ranges.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: reload, UpdateFunc: func(_, now any) { reload(now) }, DeleteFunc: reload})
	if err != nil {
		return nil, err
	}
	counted, err := addresses.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(obj any) { withAddress(obj, a.note) }, DeleteFunc: func(obj any) { withAddress(obj, a.forget) }})
	if err != nil {
		return nil, err
	}
	a.synced = []<-chan struct{}{followed.HasSyncedChecker().Done(), counted.HasSyncedChecker().Done()}
	return a, nil
}

func withAddress(obj any, f func(netip.Addr)) {
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = gone.Obj
	}
	if object, ok := obj.(*networkingv1.IPAddress); ok {
		if ip, err := netip.ParseAddr(object.Name); err == nil {
			f(ip)
		}
	}
}

// readyRanges returns the CIDRs of all ServiceCIDRs from which addresses may be
// allocated.
func readyRanges(lister networkinglisters.ServiceCIDRLister) (prefixes []netip.Prefix) {
	all, err := lister.List(labels.Everything())
	if err != nil {
		return nil
	}
	for _, c := range all {
		if !ready(c) {
			continue
		}
		for _, cidr := range c.Spec.CIDRs {
			if prefix, err := netip.ParsePrefix(cidr); err == nil {
				prefixes = append(prefixes, prefix)
			}
		}
	}
	return prefixes
}

// ready reports whether a ServiceCIDR may be used. Without the condition Ready
// it may, because this condition is set by kube-controller-manager, which may
// not be running.
func ready(c *networkingv1.ServiceCIDR) bool {
	if !c.DeletionTimestamp.IsZero() {
		return false
	}
	for _, condition := range c.Status.Conditions {
		if condition.Type == networkingv1.ServiceCIDRConditionReady {
			return condition.Status == metav1.ConditionTrue
		}
	}
	return true
}
