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

// workers is how many APIServices a controller handles at the same time.
const workers = 5

// metrics are those of the process, shared by its servers.
var metrics = sync.OnceValues(func() (*availabilitymetrics.Metrics, error) {
	m := availabilitymetrics.New()
	return m, m.Register(legacyregistry.Register, legacyregistry.CustomRegister)
})

// Install connects the aggregator with the server, which serves the built-in
// group versions: it registers them, and adds the post-start hooks and health
// checks under kube-apiserver's names, in its order.
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
	// Until the routes of the remote servers are there, a path that nobody
	// knows is answered with "not yet" and not with "not found".
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
		// first, if set, is waited for before it runs: the library looks only
		// every 100 ms whether the informer has synced. until is what the
		// server's readiness waits for.
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
