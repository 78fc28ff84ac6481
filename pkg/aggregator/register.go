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

// customGroupPriority and customVersionPriority are those of groups that consist
// of custom resources.
const customGroupPriority, customVersionPriority = 1000, 100

// BuiltIn is a group version that the server has built in.
type BuiltIn struct {
	schema.GroupVersion
	// GroupPriority and VersionPriority are those of its APIService. With a
	// GroupPriority of 0 it has none: APIServices register others, not themselves.
	GroupPriority, VersionPriority int32
}

func newAPIService(gv schema.GroupVersion, groupPriority, versionPriority int32) *apiregistrationv1.APIService {
	return &apiregistrationv1.APIService{
		ObjectMeta: metav1.ObjectMeta{Name: gv.Version + "." + gv.Group},
		Spec: apiregistrationv1.APIServiceSpec{Group: gv.Group, Version: gv.Version,
			GroupPriorityMinimum: groupPriority, VersionPriority: versionPriority},
	}
}

// registration keeps the APIServices of what this server serves itself.
type registration struct {
	controller interface {
		autoregister.AutoAPIServiceRegistration
		GetAPIServiceToSync(name string) *apiregistrationv1.APIService
		Run(workers int, stop <-chan struct{})
	}
	// ready, if set, is closed when the group versions that custom resources
	// have are all registered; otherwise those of the last start would be deleted.
	ready <-chan struct{}

	mu sync.Mutex
	// custom are the APIServices of custom resources.
	custom map[string]*apiregistrationv1.APIService
}

// AddCustomGroupVersion registers a group version of custom resources. Discovery
// has it at once, the APIService follows.
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

// RemoveCustomGroupVersion is for a group version of which the last custom
// resource is gone.
func (a *Aggregator) RemoveCustomGroupVersion(gv schema.GroupVersion) {
	name := gv.Version + "." + gv.Group
	a.register.mu.Lock()
	defer a.register.mu.Unlock()
	delete(a.register.custom, name)
	if desired := a.register.controller.GetAPIServiceToSync(name); desired != nil && desired.Labels[autoregister.AutoRegisterManagedLabel] == "true" {
		a.register.controller.RemoveAPIServiceToSync(name)
	}
}

// WaitForCustomGroupVersions makes the registration wait, in the background, for
// a channel that is closed when AddCustomGroupVersion was called for all custom
// resources that there are. Call it before Install.
func (a *Aggregator) WaitForCustomGroupVersions(ready <-chan struct{}) { a.register.ready = ready }

// pending returns the APIServices of custom resources that are not among those
// that exist.
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

// completion is the health check of the registration: all of the names were
// available at some time.
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
