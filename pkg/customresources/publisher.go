package customresources

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	"k8s.io/apiextensions-apiserver/pkg/apihelpers"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	listers "k8s.io/apiextensions-apiserver/pkg/client/listers/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	discoveryendpoint "k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
	genericapiserver "k8s.io/apiserver/pkg/server"
	webhookutil "k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/client-go/tools/cache"
)

const (
	// kube-apiserver registers the versions of custom resources with these
	// priorities.
	groupPriority, versionPriority = 1000, 100
)

// publisher adds custom resources to discovery and OpenAPI. It then passes
// their definitions to the establishing controller.
type publisher struct {
	crds listers.CustomResourceDefinitionLister
	// early publishes a definition as soon as its names are accepted, which is
	// before it is Established.
	early bool
	// establish asks the establishing controller to make a definition
	// Established.
	establish func(name string)
	server    *genericapiserver.GenericAPIServer
	// builtIn are the groups whose legacy discovery document is published by
	// the built-in APIs.
	builtIn []string
	// registrar, if not nil, is told about added and removed group versions.
	registrar Registrar

	mu sync.Mutex
	// known maps the name of each published definition to its entry; see the
	// method entry.
	known map[string]string
	// groups contains the published versions of each group.
	groups  map[string][]string
	openAPI openAPI
}

func newPublisher(crds listers.CustomResourceDefinitionLister, early bool, establish func(string)) *publisher {
	return &publisher{crds: crds, early: early, establish: establish, known: map[string]string{}, groups: map[string][]string{}}
}

// OnAdd implements cache.ResourceEventHandler.
func (p *publisher) OnAdd(obj any, _ bool) {
	p.changed(obj.(*apiextensionsv1.CustomResourceDefinition))
}

// OnUpdate implements cache.ResourceEventHandler.
func (p *publisher) OnUpdate(_, obj any) { p.changed(obj.(*apiextensionsv1.CustomResourceDefinition)) }

// OnDelete implements cache.ResourceEventHandler.
func (p *publisher) OnDelete(obj any) {
	if tombstone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = tombstone.Obj
	}
	if crd, ok := obj.(*apiextensionsv1.CustomResourceDefinition); ok {
		p.update(crd.Name, crd.Spec.Group, "")
	}
}

func (p *publisher) changed(crd *apiextensionsv1.CustomResourceDefinition) {
	p.update(crd.Name, crd.Spec.Group, p.entry(crd))
	if accepted(crd) && !apihelpers.IsCRDConditionTrue(crd, apiextensionsv1.Established) {
		p.establish(crd.Name)
	}
}

func accepted(crd *apiextensionsv1.CustomResourceDefinition) bool {
	return apihelpers.IsCRDConditionTrue(crd, apiextensionsv1.NamesAccepted)
}

// serves reports whether a definition is to be listed in discovery.
func (p *publisher) serves(crd *apiextensionsv1.CustomResourceDefinition) bool {
	return apihelpers.IsCRDConditionTrue(crd, apiextensionsv1.Established) ||
		p.early && accepted(crd) && !badWebhook(crd)
}

// badWebhook reports whether the CA bundle of the conversion webhook is
// invalid. Such a definition does not become Established.
func badWebhook(crd *apiextensionsv1.CustomResourceDefinition) bool {
	conversion := crd.Spec.Conversion
	return conversion != nil && conversion.Webhook != nil && conversion.Webhook.ClientConfig != nil &&
		len(webhookutil.ValidateCABundle(field.NewPath(""), conversion.Webhook.ClientConfig.CABundle)) > 0
}

// group describes the current state of a group. It has no versions if none of
// its definitions is served.
func (p *publisher) group(name string) apiGroup {
	all, err := p.crds.List(labels.Everything())
	if err != nil {
		utilruntime.HandleError(err)
		return apiGroup{Name: name}
	}
	var served []*apiextensionsv1.CustomResourceDefinition
	for _, crd := range all {
		if crd.Spec.Group == name && p.serves(crd) {
			served = append(served, crd)
		}
	}
	return newGroup(name, served)
}

// entry returns a string that changes whenever something changes that discovery
// or OpenAPI shows of the definition. It is empty if the definition is not
// served.
func (p *publisher) entry(crd *apiextensionsv1.CustomResourceDefinition) string {
	if !p.serves(crd) {
		return ""
	}
	return fmt.Sprintf("%s/%d/%v/%v", crd.UID, crd.Generation, crd.Status.AcceptedNames, apihelpers.IsCRDConditionTrue(crd, apiextensionsv1.Terminating))
}

// update publishes the group of a definition if the entry of the definition has
// changed. Most changes of a definition concern only its status; discovery and
// OpenAPI do not show them, so nothing is published.
func (p *publisher) update(name, group, entry string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known[name] == entry {
		return
	}
	if p.known[name] = entry; entry == "" {
		delete(p.known, name)
	}
	p.publish(group)
}

// publish updates discovery and OpenAPI for one group. The caller must hold mu.
func (p *publisher) publish(name string) {
	group := p.group(name)
	p.openAPI.update(group)
	p.publishPlain(group)
	p.publishAggregated(group)
	p.register(group)
	if len(group.Versions) == 0 {
		delete(p.groups, name)
		return
	}
	p.groups[name] = nil
	for _, v := range group.Versions {
		p.groups[name] = append(p.groups[name], v.Name)
	}
}

// publishPlain updates legacy discovery. The groups of custom resources are
// listed after the built-in groups, sorted by name. A new group is inserted by
// removing all later ones and adding them again.
func (p *publisher) publishPlain(group apiGroup) {
	manager := p.server.DiscoveryGroupManager
	_, published := p.groups[group.Name]
	switch {
	case slices.Contains(p.builtIn, group.Name):
	case len(group.Versions) == 0:
		manager.RemoveGroup(group.Name)
	case published:
		manager.AddGroup(group.discovery())
	default:
		manager.AddGroup(group.discovery())
		for _, later := range slices.Sorted(maps.Keys(p.groups)) {
			if later > group.Name && !slices.Contains(p.builtIn, later) {
				moved := p.group(later)
				manager.RemoveGroup(later)
				if len(moved.Versions) > 0 {
					manager.AddGroup(moved.discovery())
				}
			}
		}
	}
}

func (p *publisher) publishAggregated(group apiGroup) {
	manager := p.server.AggregatedDiscoveryGroupManager
	if manager == nil {
		return
	}
	manager = manager.WithSource(discoveryendpoint.CRDSource)
	for _, old := range p.groups[group.Name] {
		if group.version(old) == nil {
			manager.RemoveGroupVersion(metav1.GroupVersion{Group: group.Name, Version: old})
		}
	}
	for _, v := range group.Versions {
		manager.AddGroupVersion(group.Name, apidiscoveryv2.APIVersionDiscovery{
			Freshness: apidiscoveryv2.DiscoveryFreshnessCurrent, Version: v.Name, Resources: v.Aggregated})
		manager.SetGroupVersionPriority(metav1.GroupVersion{Group: group.Name, Version: v.Name}, groupPriority, versionPriority)
	}
}

// Registrar is told about the group versions of custom resources. The
// aggregator uses this to create an APIService for each of them.
type Registrar interface {
	AddCustomGroupVersion(gv schema.GroupVersion)
	RemoveCustomGroupVersion(gv schema.GroupVersion)
}

func (p *publisher) register(group apiGroup) {
	if p.registrar == nil {
		return
	}
	for _, old := range p.groups[group.Name] {
		if group.version(old) == nil {
			p.registrar.RemoveCustomGroupVersion(schema.GroupVersion{Group: group.Name, Version: old})
		}
	}
	for _, v := range group.Versions {
		if !slices.Contains(p.groups[group.Name], v.Name) {
			p.registrar.AddCustomGroupVersion(schema.GroupVersion{Group: group.Name, Version: v.Name})
		}
	}
}
