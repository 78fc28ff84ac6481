package bootstrap

import (
	"maps"
	"slices"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/uuid"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/clusterroleaggregation"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/rootca"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/trustbundle"
)

// seedObject is an object of the seed.
type seedObject interface {
	runtime.Object
	metav1.Object
}

// seedValues sets what is different in each cluster.
type seedValues struct {
	Needs
	now metav1.Time
}

// set completes an object of the seed. It reports whether the object belongs to the
// cluster; if not, or if its fields are others than those in the seed, whose owners are
// recorded, then whoever creates it otherwise does so.
func (v seedValues) set(object seedObject) bool {
	object.SetUID(uuid.NewUUID())
	object.SetCreationTimestamp(v.now)
	managers := object.GetManagedFields()
	for i := range managers {
		managers[i].Time = &v.now
	}
	switch o := object.(type) {
	case *flowcontrolv1.FlowSchema:
		for i := range o.Status.Conditions {
			o.Status.Conditions[i].LastTransitionTime = v.now
		}
	case *apiregistrationv1.APIService:
		for i := range o.Status.Conditions {
			o.Status.Conditions[i].LastTransitionTime = v.now
		}
		return v.ServesVersion(schema.GroupVersion{Group: o.Spec.Group, Version: o.Spec.Version})
	case *rbacv1.ClusterRole:
		v.unlessAggregated(o)
	case *corev1.ServiceAccount:
		return v.Controls(serviceaccount.Name)
	case *corev1.ConfigMap:
		return v.configMap(o)
	case *certificatesv1.ClusterTrustBundle:
		ca, err := v.RootCA()
		bundle := trustbundle.Bundle(ca)
		o.Name, o.Spec = bundle.Name, bundle.Spec
		return err == nil && v.Controls(trustbundle.Name)
	case *corev1.Service, *networkingv1.IPAddress, *networkingv1.ServiceCIDR, *corev1.Endpoints, *discoveryv1.EndpointSlice:
		return v.service(object)
	}
	return true
}

// unlessAggregated takes the rules from a role that nobody aggregates.
func (v seedValues) unlessAggregated(role *rbacv1.ClusterRole) {
	if role.AggregationRule == nil || v.Controls(clusterroleaggregation.Name) {
		return
	}
	role.Rules = nil
	role.ManagedFields = slices.DeleteFunc(role.ManagedFields, func(m metav1.ManagedFieldsEntry) bool { return m.Manager == clusterroleaggregation.Name })
}

// configMap fills one of the config maps with the certificates of the cluster.
func (v seedValues) configMap(m *corev1.ConfigMap) bool {
	recorded := slices.Sorted(maps.Keys(m.Data))
	switch m.Name {
	case authenticationInfoName:
		if v.Authentication.ClientCA == nil || v.Authentication.RequestHeader == nil {
			return false
		}
		data, err := v.Authentication.data(nil)
		m.Data = data
		return err == nil && slices.Equal(slices.Sorted(maps.Keys(m.Data)), recorded)
	case trackingConfigMap:
		m.Data[trackingSince] = v.now.UTC().Format(time.DateOnly)
		return true
	default: // the certificates with which pods verify the server, in each namespace
		ca, err := v.RootCA()
		m.Data["ca.crt"] = string(ca)
		return err == nil && v.Controls(rootca.Name)
	}
}

// service sets the addresses of the kubernetes service and of what belongs to it. Only a
// service of one family and without a node port is as in the seed.
func (v seedValues) service(object seedObject) bool {
	s := v.Services
	if len(s.Ranges) != 1 || !s.Ranges[0].Addr().Is4() || s.NodePort != 0 || !v.Serves(corev1.SchemeGroupVersion.WithResource("services")) {
		return false
	}
	ip, port, address := s.Ranges[0].Addr().Next().String(), int32(s.Port), s.Address.String()
	hasEndpoints := (s.ReconcileByLease || s.ReconcileByCount) && len(reachable([]string{address})) == 1 && s.Address.To4() != nil
	switch o := object.(type) {
	case *corev1.Service:
		o.Spec.ClusterIP, o.Spec.ClusterIPs = ip, []string{ip}
		o.Spec.Ports[0].TargetPort = intstr.FromInt32(port)
	case *networkingv1.IPAddress:
		o.Name = ip
	case *networkingv1.ServiceCIDR:
		o.Spec.CIDRs = []string{s.Ranges[0].String()}
		for i := range o.Status.Conditions {
			o.Status.Conditions[i].LastTransitionTime = v.now
		}
	case *corev1.Endpoints:
		o.Subsets[0].Addresses[0].IP, o.Subsets[0].Ports[0].Port = address, port
		return hasEndpoints
	case *discoveryv1.EndpointSlice:
		o.Endpoints[0].Addresses[0], *o.Ports[0].Port = address, port
		return hasEndpoints
	}
	return true
}
