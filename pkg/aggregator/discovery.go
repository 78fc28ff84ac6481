package aggregator

import (
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	discoveryendpoint "k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
	"k8s.io/apiserver/pkg/endpoints/handlers/negotiation"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/helper"
)

// newAPIs returns the handler of /apis. It answers with the groups of all
// APIServices, or with aggregated discovery if the client accepts that.
func (a *Aggregator) newAPIs() http.Handler {
	plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.write(w, r, &metav1.APIGroupList{Groups: a.groups()})
	})
	all := discoveryendpoint.WrapAggregatedDiscoveryToHandler(plain, a.merged, a.config.Peers.handler(a.merged))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == apisPrefix {
			plain.ServeHTTP(w, r)
			return
		}
		all.ServeHTTP(w, r)
	})
}

// groups lists the groups of all APIServices, sorted by priority. The group
// apiregistration.k8s.io comes first, as in kube-apiserver; it has no
// APIService.
func (a *Aggregator) groups() []metav1.APIGroup {
	groups := []metav1.APIGroup{*apiGroup([]*apiregistrationv1.APIService{{Spec: apiregistrationv1.APIServiceSpec{
		Group: apiregistrationv1.GroupName, Version: apiregistrationv1.SchemeGroupVersion.Version}}})}
	for _, services := range helper.SortedByGroupAndVersion(a.list("")) {
		if services[0].Spec.Group != "" {
			groups = append(groups, *apiGroup(services))
		}
	}
	return groups
}

// list returns the APIServices of a group, or of all groups if group is empty.
// It includes those of custom resources that are not stored yet.
func (a *Aggregator) list(group string) (services []*apiregistrationv1.APIService) {
	all, _ := a.lister.List(labels.Everything()) // the lister reads from memory and does not fail
	all = append(all, a.register.pending(func(name string) bool {
		_, err := a.lister.Get(name)
		return err == nil
	})...)
	for _, service := range all {
		if group == "" || service.Spec.Group == group {
			services = append(services, service)
		}
	}
	return services
}

// group returns the handler of /apis/<group>, or nil if the group has no
// APIService.
func (a *Aggregator) group(name string) http.Handler {
	services := a.list(name)
	if name == "" || len(services) == 0 || !a.completed() {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.write(w, r, apiGroup(helper.SortedByGroupAndVersion(services)[0]))
	})
}

func (a *Aggregator) write(w http.ResponseWriter, r *http.Request, object runtime.Object) {
	responsewriters.WriteObjectNegotiated(a.config.Serializer, negotiation.DefaultEndpointRestrictions, schema.GroupVersion{}, w, r, http.StatusOK, object, false)
}

// apiGroup describes a group for legacy discovery. services are the APIServices
// of its versions, the preferred version first.
func apiGroup(services []*apiregistrationv1.APIService) *metav1.APIGroup {
	group := &metav1.APIGroup{Name: services[0].Spec.Group}
	for _, service := range services {
		version := service.Spec.Version
		group.Versions = append(group.Versions, metav1.GroupVersionForDiscovery{GroupVersion: group.Name + "/" + version, Version: version})
	}
	group.PreferredVersion = group.Versions[0]
	return group
}
