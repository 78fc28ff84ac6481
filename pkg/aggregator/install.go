package aggregator

import (
	"context"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	discoveryendpoint "k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/metrics/legacyregistry"
	aggregatorlib "k8s.io/kube-aggregator/pkg/apiserver"
	local "k8s.io/kube-aggregator/pkg/controllers/status/local"
	availabilitymetrics "k8s.io/kube-aggregator/pkg/controllers/status/metrics"
	"k8s.io/kube-aggregator/pkg/controllers/status/remote"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// workers is the number of APIServices that each controller handles
// concurrently.
const workers = 5

// metrics returns the metrics of availability. They are registered once per
// process, and all servers in the process share them.
var metrics = sync.OnceValues(func() (*availabilitymetrics.Metrics, error) {
	m := availabilitymetrics.New()
	return m, m.Register(legacyregistry.Register, legacyregistry.CustomRegister)
})

// Install connects the aggregator with the server that serves the built-in
// group versions. It registers these group versions, and adds the post-start
// hooks and health checks with the names and in the order of kube-apiserver.
func (a *Aggregator) Install(server *genericapiserver.GenericAPIServer, builtIn []BuiltIn) error {
	a.merged = server.AggregatedDiscoveryGroupManager
	a.apis = a.newAPIs()
	a.listing = newListing(server, builtIn)
	a.discovery = aggregatorlib.NewDiscoveryManager(a.merged.WithSource(discoveryendpoint.AggregatorSource))
	a.merged.SetGroupVersionPriority(aggregatorlib.APIRegistrationGroupVersion, aggregatorlib.APIRegistrationGroupPriority, 0)

	var names []string
	for _, b := range builtIn {
		if b.GroupPriority == 0 {
			continue
		}
		service := newAPIService(b.GroupVersion, b.GroupPriority, b.VersionPriority)
		a.register.controller.AddAPIServiceToSyncOnStart(service)
		names = append(names, service.Name)
		a.merged.SetGroupVersionPriority(metav1.GroupVersion(b.GroupVersion), int(b.GroupPriority), int(b.VersionPriority))
	}
	completion, err := a.newCompletion(names)
	if err != nil {
		return err
	}
	a.completed = completion.done
	return a.addHooks(server, completion)
}

func (a *Aggregator) addHooks(server *genericapiserver.GenericAPIServer, completion *completion) error {
	m, err := metrics()
	if err != nil {
		return err
	}
	apiServices, client := a.informers.Apiregistration().V1().APIServices(), a.client.ApiregistrationV1()
	localStatus, err := local.New(apiServices, client, m)
	if err != nil {
		return err
	}
	remoteStatus, err := remote.New(apiServices, a.services, a.slices, client, a.config.Dial,
		a.config.ClientCert.CurrentCertKeyContent, &a.resolver, m)
	if err != nil {
		return err
	}
	routes := aggregatorlib.NewAPIServiceRegistrationController(apiServices, a)
	a.config.ClientCert.AddListener(routes)
	// Until the routes to the remote servers exist, unknown paths are answered
	// with 503 instead of 404.
	routesReady := make(chan struct{})
	if err := server.RegisterMuxAndDiscoveryCompleteSignal("APIServiceRegistrationControllerInitiated", routesReady); err != nil {
		return err
	}
	merge := func(ctx context.Context) {
		a.started.Set()
		a.discovery.Run(ctx.Done(), nil)
	}
	synced := apiServices.Informer().HasSyncedChecker().Done()
	for _, hook := range []struct {
		name string
		run  func(ctx context.Context)
		// first, if not nil, is closed when the hook may run. Waiting for it is
		// faster than leaving the wait to the library, which polls every 100 ms
		// whether the informer has synced. The server does not become ready
		// before until, if not nil, is closed.
		first, until <-chan struct{}
	}{
		{"start-kube-aggregator-informers", func(ctx context.Context) { a.informers.StartWithContext(ctx) }, nil, nil},
		{"apiservice-status-local-available-controller", func(ctx context.Context) { localStatus.Run(workers, ctx.Done()) }, synced, nil},
		{"apiservice-status-remote-available-controller", func(ctx context.Context) { remoteStatus.Run(workers, ctx.Done()) }, synced, nil},
		{"apiservice-registration-controller", func(ctx context.Context) { routes.Run(ctx.Done(), routesReady) }, synced, routesReady},
		{"apiservice-discovery-controller", merge, routesReady, a.started.Done()},
		{"kube-apiserver-autoregistration", a.register.run, synced, nil},
	} {
		err := server.AddPostStartHook(hook.name, func(c genericapiserver.PostStartHookContext) error {
			go func() {
				if hook.first != nil && !signals.Wait(c, hook.first) {
					return
				}
				hook.run(c)
			}()
			if hook.until != nil {
				signals.Wait(c, hook.until)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := server.AddBootSequenceHealthChecks(completion.check()); err != nil {
		return err
	}
	return a.specs.addHooks(server)
}
