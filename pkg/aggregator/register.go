package aggregator

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/server/healthz"
	"k8s.io/client-go/tools/cache"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/helper"
	"k8s.io/kube-aggregator/pkg/controllers/autoregister"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// customGroupPriority and customVersionPriority are the priorities of groups
// that contain only custom resources.
const customGroupPriority, customVersionPriority = 1000, 100

// BuiltIn is a group version that is built into this server.
type BuiltIn struct {
	schema.GroupVersion
	// GroupPriority and VersionPriority are the priorities in its APIService.
	// If GroupPriority is 0, there is no APIService: this is the case for
	// apiregistration.k8s.io itself.
	GroupPriority, VersionPriority int32
}

func newAPIService(gv schema.GroupVersion, groupPriority, versionPriority int32) *apiregistrationv1.APIService {
	return &apiregistrationv1.APIService{
		ObjectMeta: metav1.ObjectMeta{Name: gv.Version + "." + gv.Group},
		Spec: apiregistrationv1.APIServiceSpec{Group: gv.Group, Version: gv.Version,
			GroupPriorityMinimum: groupPriority, VersionPriority: versionPriority},
	}
}

// registration maintains the APIServices of the group versions that this server
// serves itself.
type registration struct {
	controller interface {
		autoregister.AutoAPIServiceRegistration
		GetAPIServiceToSync(name string) *apiregistrationv1.APIService
		Run(workers int, stop <-chan struct{})
	}
	// ready, if not nil, is closed when the group versions of all existing
	// custom resources are registered. The controller must not run earlier,
	// because it would delete their APIServices of the last start.
	ready <-chan struct{}

	mu sync.Mutex
	// custom contains the APIServices of custom resources by name.
	custom map[string]*apiregistrationv1.APIService
}

// AddCustomGroupVersion registers a group version of custom resources. It
// appears in discovery immediately; its APIService is stored in the background.
func (a *Aggregator) AddCustomGroupVersion(gv schema.GroupVersion) {
	service := newAPIService(gv, customGroupPriority, customVersionPriority)
	a.register.mu.Lock()
	defer a.register.mu.Unlock()
	if a.register.custom == nil {
		a.register.custom = map[string]*apiregistrationv1.APIService{}
	}
	a.register.custom[service.Name] = service
	if a.register.controller.GetAPIServiceToSync(service.Name) == nil {
		a.register.controller.AddAPIServiceToSync(service)
	}
}

// RemoveCustomGroupVersion removes a group version when it has no custom
// resource any more.
func (a *Aggregator) RemoveCustomGroupVersion(gv schema.GroupVersion) {
	name := gv.Version + "." + gv.Group
	a.register.mu.Lock()
	defer a.register.mu.Unlock()
	delete(a.register.custom, name)
	if desired := a.register.controller.GetAPIServiceToSync(name); desired != nil && desired.Labels[autoregister.AutoRegisterManagedLabel] == "true" {
		a.register.controller.RemoveAPIServiceToSync(name)
	}
}

// WaitForCustomGroupVersions delays the registration of APIServices until ready
// is closed, which must happen when AddCustomGroupVersion has been called for
// all existing custom resources. It must be called before Install. It does not
// block.
func (a *Aggregator) WaitForCustomGroupVersions(ready <-chan struct{}) { a.register.ready = ready }

// pending returns the APIServices of custom resources that do not exist in
// storage yet.
func (r *registration) pending(exists func(name string) bool) (services []*apiregistrationv1.APIService) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, service := range r.custom {
		if !exists(name) {
			services = append(services, service)
		}
	}
	return services
}

func (r *registration) run(ctx context.Context) {
	if r.ready == nil || signals.Wait(ctx, r.ready) {
		r.controller.Run(workers, ctx.Done())
	}
}

// completion is the health check of the registration. It passes when each of
// the APIServices has been available at least once.
type completion struct {
	mu      sync.Mutex
	missing map[string]bool
}

func (a *Aggregator) newCompletion(names []string) (*completion, error) {
	c := &completion{missing: map[string]bool{}}
	for _, name := range names {
		c.missing[name] = true
	}
	_, err := a.informers.Apiregistration().V1().APIServices().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    c.seen,
		UpdateFunc: func(_, object any) { c.seen(object) },
	})
	return c, err
}

func (c *completion) seen(object any) {
	service, ok := object.(*apiregistrationv1.APIService)
	if !ok || !helper.IsAPIServiceConditionTrue(service, apiregistrationv1.Available) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.missing, service.Name)
}

func (c *completion) done() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.missing) == 0
}

func (c *completion) check() healthz.HealthChecker {
	return healthz.NamedCheck("autoregister-completion", func(*http.Request) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.missing) == 0 {
			return nil
		}
		names := make([]string, 0, len(c.missing))
		for name := range c.missing {
			names = append(names, name)
		}
		slices.Sort(names)
		return fmt.Errorf("missing APIService: %v", names)
	})
}
