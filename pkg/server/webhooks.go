package server

import (
	"context"
	"net/url"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apiserverproxy "k8s.io/apiserver/pkg/util/proxy"
	webhookutil "k8s.io/apiserver/pkg/util/webhook"
	corelisters "k8s.io/client-go/listers/core/v1"
	aggregatorlib "k8s.io/kube-aggregator/pkg/apiserver"

	"github.com/gatehouse-k8s/gatehouse/pkg/aggregator"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// webhookCredentials returns with which credentials and through which dialer
// webhooks are called.
func webhookCredentials(b *base) webhookutil.AuthenticationInfoResolverWrapper {
	return webhookutil.NewDefaultAuthenticationInfoResolverWrapper(nil, b.generic.EgressSelector, b.overTLS, b.generic.TracerProvider)
}

// webhookServices finds the services of admission and conversion webhooks. With
// --enable-aggregator-routing they are found as those of aggregated servers are, by
// their endpoints. Otherwise they have their cluster IPs, read from the storage, so
// that a service that has just been created is found; kubernetes.default is this
// server.
func webhookServices(b *base, front *aggregator.Aggregator) webhookutil.ServiceResolver {
	if front != nil && b.options.Aggregator.EndpointRouting {
		return front.Services()
	}
	services := aggregatorlib.ServiceResolver(serviceResolver{b.objects})
	if own, err := url.Parse(b.overTLS.Host); err == nil {
		services = aggregatorlib.NewLoopbackServiceResolver(services, own)
	}
	return services
}

// serviceResolver returns the cluster IPs of services, for webhooks.
type serviceResolver struct{ objects *objects.Access }

// ResolveEndpoint implements webhook.ServiceResolver.
func (s serviceResolver) ResolveEndpoint(namespace, name string, port int32) (*url.URL, error) {
	return apiserverproxy.ResolveCluster(serviceLister{objects: s.objects}, namespace, name, port)
}

// serviceLister and serviceGetter implement the part of a lister that is needed
// to get one service.
type serviceLister struct {
	corelisters.ServiceLister
	objects *objects.Access
}

type serviceGetter struct {
	corelisters.ServiceNamespaceLister
	objects   *objects.Access
	namespace string
}

// Services implements listers.ServiceLister.
func (l serviceLister) Services(namespace string) corelisters.ServiceNamespaceLister {
	return serviceGetter{objects: l.objects, namespace: namespace}
}

// Get implements listers.ServiceNamespaceLister. The words of an error are those of
// a lister.
func (g serviceGetter) Get(name string) (*corev1.Service, error) {
	service, err := objects.Get[*corev1.Service](context.Background(), g.objects, corev1.Resource("services"), g.namespace, name)
	if apierrors.IsNotFound(err) {
		return nil, apierrors.NewNotFound(corev1.Resource("service"), name)
	}
	return service, err
}
