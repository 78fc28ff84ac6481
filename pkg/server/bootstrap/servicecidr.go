package bootstrap

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapiserver "k8s.io/apiserver/pkg/server"
	metaapply "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingapply "k8s.io/client-go/applyconfigurations/networking/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/allocation"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/serverleases"
	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// Services is the configuration of the hooks for services.
type Services struct {
	Allocation *allocation.Services
	// Ranges are the CIDRs of --service-cluster-ip-range. The first address of
	// the first one is the cluster IP of the kubernetes service.
	Ranges []netip.Prefix
	// Leases stores the addresses of the running servers.
	Leases *serverleases.Store
	// Address and Port are where other hosts reach this server.
	Address net.IP
	Port    int
	// NodePort is the node port of the kubernetes service; 0 means that it has
	// none.
	NodePort int
	// ReconcileByLease keeps the addresses of those servers in the endpoints of
	// the kubernetes service that renew a lease. ReconcileByCount keeps at most
	// Servers addresses. If neither is set, this server does not write the
	// endpoints.
	ReconcileByLease, ReconcileByCount bool
	Servers                            int
}

const (
	defaultCIDRName    = "kubernetes"
	defaultCIDRManager = "kubernetes-service-cidr-controller"
	defaultCIDRReady   = "Kubernetes default Service CIDR is ready"
)

// defaultServiceCIDR creates the ServiceCIDR of the flags and sets its
// condition Ready. It creates it again after it was deleted.
func defaultServiceCIDR(n Needs) genericapiserver.PostStartHookFunc {
	deleted := signals.NewPulse()
	_, err := n.Informers.Networking().V1().ServiceCIDRs().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		DeleteFunc: func(any) { deleted.Enqueue() }})
	ensure := func(ctx context.Context) error { return ensureServiceCIDR(ctx, n) }
	return func(hook genericapiserver.PostStartHookContext) error {
		if err != nil {
			return err
		}
		if err := retry(hook, ensure); err != nil {
			return fmt.Errorf("service CIDR %s: %w", defaultCIDRName, err)
		}
		go keep(hook, resyncInterval, deleted, ensure)
		return nil
	}
}

func ensureServiceCIDR(ctx context.Context, n Needs) error {
	var cidrs []string
	for _, prefix := range n.Services.Ranges {
		cidrs = append(cidrs, prefix.String())
	}
	api := n.Client.NetworkingV1().ServiceCIDRs()
	stored, err := read[*networkingv1.ServiceCIDR](ctx, n.Objects, serviceCIDRResource, "", defaultCIDRName)
	if apierrors.IsNotFound(err) {
		stored, err = api.Create(ctx, &networkingv1.ServiceCIDR{
			ObjectMeta: metav1.ObjectMeta{Name: defaultCIDRName}, Spec: networkingv1.ServiceCIDRSpec{CIDRs: cidrs},
		}, metav1.CreateOptions{})
	}
	if err != nil {
		return err
	}
	if !stored.DeletionTimestamp.IsZero() {
		return nil
	}
	if !slices.Equal(stored.Spec.CIDRs, cidrs) {
		if len(stored.Spec.CIDRs) == 1 && len(cidrs) == 2 && stored.Spec.CIDRs[0] == cidrs[0] {
			stored.Spec.CIDRs = cidrs
			_, err := api.Update(ctx, stored, metav1.UpdateOptions{})
			return err
		}
		klog.Warningf("--service-cluster-ip-range is %v, but the existing ServiceCIDR %s has %v, which is used", cidrs, defaultCIDRName, stored.Spec.CIDRs)
	}
	if meta.FindStatusCondition(stored.Status.Conditions, networkingv1.ServiceCIDRConditionReady) != nil {
		return nil
	}
	_, err = api.ApplyStatus(ctx, networkingapply.ServiceCIDR(defaultCIDRName).WithStatus(networkingapply.ServiceCIDRStatus().WithConditions(
		metaapply.Condition().WithType(networkingv1.ServiceCIDRConditionReady).WithStatus(metav1.ConditionTrue).
			WithMessage(defaultCIDRReady).WithLastTransitionTime(metav1.Now()))), metav1.ApplyOptions{FieldManager: defaultCIDRManager, Force: true})
	return err
}
