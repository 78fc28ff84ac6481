// Package apis contains the Scheme of the server, which is not changed after it
// has been built.
package apis

import (
	"reflect"
	"strings"

	apisadmissionregistrationv1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/admissionregistration/v1"
	apisadmissionregistrationv1alpha1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/admissionregistration/v1alpha1"
	apisadmissionregistrationv1beta1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/admissionregistration/v1beta1"
	apisapiserverinternalv1alpha1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/apiserverinternal/v1alpha1"
	apisappsv1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/apps/v1"
	apisauthenticationv1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/authentication/v1"
	apisautoscalingv1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/autoscaling/v1"
	apisautoscalingv2 "github.com/gatehouse-k8s/gatehouse/pkg/apis/autoscaling/v2"
	apisbatchv1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/batch/v1"
	apiscertificatesv1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/certificates/v1"
	apiscertificatesv1alpha1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/certificates/v1alpha1"
	apiscertificatesv1beta1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/certificates/v1beta1"
	apiscoordinationv1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/coordination/v1"
	apiscoordinationv1alpha2 "github.com/gatehouse-k8s/gatehouse/pkg/apis/coordination/v1alpha2"
	apiscoordinationv1beta1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/coordination/v1beta1"
	apiscorev1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/core/v1"
	apisdiscoveryv1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/discovery/v1"
	apiseventsv1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/events/v1"
	apisflowcontrolv1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/flowcontrol/v1"
	apislifecyclev1alpha1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/lifecycle/v1alpha1"
	apisnetworkingv1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/networking/v1"
	apisnetworkingv1beta1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/networking/v1beta1"
	apisnodev1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/node/v1"
	apispolicyv1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/policy/v1"
	apispolicyv1beta1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/policy/v1beta1"
	apisrbacv1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/rbac/v1"
	apisresourcev1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/v1"
	apisresourcev1alpha3 "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/v1alpha3"
	apisresourcev1beta1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/v1beta1"
	apisresourcev1beta2 "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/v1beta2"
	apisschedulingv1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/scheduling/v1"
	apisschedulingv1alpha3 "github.com/gatehouse-k8s/gatehouse/pkg/apis/scheduling/v1alpha3"
	apisschedulingv1beta1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/scheduling/v1beta1"
	apisstoragev1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/storage/v1"
	apisstoragev1beta1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/storage/v1beta1"
	apisstoragemigrationv1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/storagemigration/v1"
	apisstoragemigrationv1beta1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/storagemigration/v1beta1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	admissionregistrationv1alpha1 "k8s.io/api/admissionregistration/v1alpha1"
	admissionregistrationv1beta1 "k8s.io/api/admissionregistration/v1beta1"
	apiserverinternalv1alpha1 "k8s.io/api/apiserverinternal/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1alpha1 "k8s.io/api/certificates/v1alpha1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	coordinationv1 "k8s.io/api/coordination/v1"
	coordinationv1alpha2 "k8s.io/api/coordination/v1alpha2"
	coordinationv1beta1 "k8s.io/api/coordination/v1beta1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	lifecyclev1alpha1 "k8s.io/api/lifecycle/v1alpha1"
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	nodev1 "k8s.io/api/node/v1"
	policyv1 "k8s.io/api/policy/v1"
	policyv1beta1 "k8s.io/api/policy/v1beta1"
	rbacv1 "k8s.io/api/rbac/v1"
	resourcev1 "k8s.io/api/resource/v1"
	resourcev1alpha3 "k8s.io/api/resource/v1alpha3"
	resourcev1beta1 "k8s.io/api/resource/v1beta1"
	resourcev1beta2 "k8s.io/api/resource/v1beta2"
	schedulingv1 "k8s.io/api/scheduling/v1"
	schedulingv1alpha3 "k8s.io/api/scheduling/v1alpha3"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	storagev1 "k8s.io/api/storage/v1"
	storagev1beta1 "k8s.io/api/storage/v1beta1"
	storagemigrationv1 "k8s.io/api/storagemigration/v1"
	storagemigrationv1beta1 "k8s.io/api/storagemigration/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// ProtobufPrefix begins every object in Kubernetes' protobuf encoding; a
// runtime.Unknown follows, which contains the object.
const ProtobufPrefix = "k8s\x00"

var (
	// Scheme contains the types of all API groups. For each kind, the type of
	// one version is registered a second time as the internal version of the
	// group. This type is the hub: conversions between two versions convert to
	// it and from it.
	Scheme = newScheme(groups)
	// Codecs encode and decode the types of Scheme.
	Codecs = serializer.NewCodecFactory(Scheme)
	// ParameterCodec decodes query parameters.
	ParameterCodec = runtime.NewParameterCodec(Scheme)
)

// group tells what a group version adds to the scheme.
type group struct {
	version schema.GroupVersion
	// types adds the types from k8s.io/api, own the defaults, conversions and
	// generated validation of this project.
	types, own func(*runtime.Scheme) error
}

// groups lists all group versions. Those of the same group are in the order of
// preference.
var groups = []group{
	{version: corev1.SchemeGroupVersion, types: corev1.AddToScheme, own: apiscorev1.AddToScheme},
	{version: admissionregistrationv1.SchemeGroupVersion, types: admissionregistrationv1.AddToScheme, own: apisadmissionregistrationv1.AddToScheme},
	{version: admissionregistrationv1beta1.SchemeGroupVersion, types: admissionregistrationv1beta1.AddToScheme,
		own: apisadmissionregistrationv1beta1.AddToScheme},
	{version: admissionregistrationv1alpha1.SchemeGroupVersion, types: admissionregistrationv1alpha1.AddToScheme,
		own: apisadmissionregistrationv1alpha1.AddToScheme},
	{version: apiserverinternalv1alpha1.SchemeGroupVersion, types: apiserverinternalv1alpha1.AddToScheme, own: apisapiserverinternalv1alpha1.AddToScheme},
	{version: apiregistrationv1.SchemeGroupVersion, types: apiregistrationv1.AddToScheme},
	{version: appsv1.SchemeGroupVersion, types: appsv1.AddToScheme, own: apisappsv1.AddToScheme},
	{version: authenticationv1.SchemeGroupVersion, types: authenticationv1.AddToScheme, own: apisauthenticationv1.AddToScheme},
	{version: authorizationv1.SchemeGroupVersion, types: authorizationv1.AddToScheme},
	{version: autoscalingv2.SchemeGroupVersion, types: autoscalingv2.AddToScheme, own: apisautoscalingv2.AddToScheme},
	{version: autoscalingv1.SchemeGroupVersion, types: autoscalingv1.AddToScheme, own: apisautoscalingv1.AddToScheme},
	{version: batchv1.SchemeGroupVersion, types: batchv1.AddToScheme, own: apisbatchv1.AddToScheme},
	{version: certificatesv1.SchemeGroupVersion, types: certificatesv1.AddToScheme, own: apiscertificatesv1.AddToScheme},
	{version: certificatesv1beta1.SchemeGroupVersion, types: apiscertificatesv1beta1.AddTypes, own: apiscertificatesv1beta1.AddToScheme},
	{version: certificatesv1alpha1.SchemeGroupVersion, types: certificatesv1alpha1.AddToScheme, own: apiscertificatesv1alpha1.AddToScheme},
	{version: coordinationv1.SchemeGroupVersion, types: coordinationv1.AddToScheme, own: apiscoordinationv1.AddToScheme},
	{version: coordinationv1beta1.SchemeGroupVersion, types: coordinationv1beta1.AddToScheme, own: apiscoordinationv1beta1.AddToScheme},
	{version: coordinationv1alpha2.SchemeGroupVersion, types: coordinationv1alpha2.AddToScheme, own: apiscoordinationv1alpha2.AddToScheme},
	{version: discoveryv1.SchemeGroupVersion, types: discoveryv1.AddToScheme, own: apisdiscoveryv1.AddToScheme},
	{version: eventsv1.SchemeGroupVersion, types: eventsv1.AddToScheme, own: apiseventsv1.AddToScheme},
	{version: flowcontrolv1.SchemeGroupVersion, types: flowcontrolv1.AddToScheme, own: apisflowcontrolv1.AddToScheme},
	{version: lifecyclev1alpha1.SchemeGroupVersion, types: lifecyclev1alpha1.AddToScheme, own: apislifecyclev1alpha1.AddToScheme},
	{version: networkingv1.SchemeGroupVersion, types: networkingv1.AddToScheme, own: apisnetworkingv1.AddToScheme},
	{version: networkingv1beta1.SchemeGroupVersion, types: apisnetworkingv1beta1.AddTypes, own: apisnetworkingv1beta1.AddToScheme},
	{version: nodev1.SchemeGroupVersion, types: nodev1.AddToScheme, own: apisnodev1.AddToScheme},
	{version: policyv1.SchemeGroupVersion, types: policyv1.AddToScheme, own: apispolicyv1.AddToScheme},
	{version: policyv1beta1.SchemeGroupVersion, types: apispolicyv1beta1.AddTypes, own: apispolicyv1beta1.AddToScheme},
	{version: rbacv1.SchemeGroupVersion, types: rbacv1.AddToScheme, own: apisrbacv1.AddToScheme},
	{version: resourcev1.SchemeGroupVersion, types: resourcev1.AddToScheme, own: apisresourcev1.AddToScheme},
	{version: resourcev1beta2.SchemeGroupVersion, types: resourcev1beta2.AddToScheme, own: apisresourcev1beta2.AddToScheme},
	{version: resourcev1beta1.SchemeGroupVersion, types: resourcev1beta1.AddToScheme, own: apisresourcev1beta1.AddToScheme},
	{version: resourcev1alpha3.SchemeGroupVersion, types: resourcev1alpha3.AddToScheme, own: apisresourcev1alpha3.AddToScheme},
	{version: schedulingv1.SchemeGroupVersion, types: schedulingv1.AddToScheme, own: apisschedulingv1.AddToScheme},
	{version: schedulingv1beta1.SchemeGroupVersion, types: apisschedulingv1beta1.AddTypes, own: apisschedulingv1beta1.AddToScheme},
	{version: schedulingv1alpha3.SchemeGroupVersion, types: schedulingv1alpha3.AddToScheme, own: apisschedulingv1alpha3.AddToScheme},
	{version: storagev1.SchemeGroupVersion, types: storagev1.AddToScheme, own: apisstoragev1.AddToScheme},
	{version: storagev1beta1.SchemeGroupVersion, types: apisstoragev1beta1.AddTypes, own: apisstoragev1beta1.AddToScheme},
	{version: storagemigrationv1.SchemeGroupVersion, types: storagemigrationv1.AddToScheme, own: apisstoragemigrationv1.AddToScheme},
	{version: storagemigrationv1beta1.SchemeGroupVersion, types: storagemigrationv1beta1.AddToScheme, own: apisstoragemigrationv1beta1.AddToScheme},
}

// newScheme returns a scheme with the group versions. Their order determines
// the hubs: see addHubs.
func newScheme(groups []group) *runtime.Scheme {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	priority := map[string][]schema.GroupVersion{}
	for _, g := range groups {
		utilruntime.Must(g.types(scheme))
		if g.own != nil {
			utilruntime.Must(g.own(scheme))
		}
		addHubs(scheme, g.version)
		priority[g.version.Group] = append(priority[g.version.Group], g.version)
	}
	for _, versions := range priority {
		utilruntime.Must(scheme.SetVersionPriority(versions...))
	}
	return scheme
}

// addHubs registers the types of a version as the internal version of the
// group, for those kinds that have no hub yet. Therefore the hub of a kind is
// its type in the most preferred version that has the kind, and objects of that
// version are decoded without a conversion. A group that serves the objects of
// another group registers the types of that group as its hubs before, in its
// own AddToScheme.
func addHubs(scheme *runtime.Scheme, version schema.GroupVersion) {
	internal := schema.GroupVersion{Group: version.Group, Version: runtime.APIVersionInternal}
	for kind, t := range scheme.KnownTypes(version) {
		if HasHub(t) && !scheme.Recognizes(internal.WithKind(kind)) {
			scheme.AddKnownTypeWithName(internal.WithKind(kind), reflect.New(t).Interface().(runtime.Object))
		}
	}
}

// HasHub reports whether a type belongs to an API group. The options and watch
// events of meta/v1 do not: metav1.AddToGroupVersion registers them in every
// group, with their own internal form.
func HasHub(t reflect.Type) bool {
	return strings.HasPrefix(t.PkgPath(), "k8s.io/api/") || strings.HasPrefix(t.PkgPath(), "k8s.io/kube-aggregator/")
}
