// Package quota knows what objects use of a resource quota. For each kind whose
// use is more than the number of its objects there is an evaluator: pods, services,
// persistent volume claims and resource claims. All other objects are counted, also
// custom resources; k8s.io/apiserver makes an evaluator for these when it meets the
// first one.
//
// The admission plugin ResourceQuota of k8s.io/apiserver asks the evaluators what a
// request would use, and the controller asks them what the objects of a namespace
// use in all.
package quota

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiquota "k8s.io/apiserver/pkg/quota/v1"
	"k8s.io/apiserver/pkg/quota/v1/generic"
	"k8s.io/client-go/kubernetes"
)

// Listers returns a function that lists the objects of a resource in a namespace.
type Listers func(schema.GroupVersionResource) generic.ListFuncByNamespace

// NoListers is for users of the evaluators that only ask for the use of single
// objects, as the admission plugin does.
func NoListers(schema.GroupVersionResource) generic.ListFuncByNamespace { return nil }

// NewConfiguration returns the evaluators, and the resources that no quota counts.
// The client finds the device classes and the pods that resource claims refer to.
func NewConfiguration(client kubernetes.Interface, listers Listers) apiquota.Configuration {
	evaluators := []apiquota.Evaluator{
		newPods(listers),
		newServices(listers),
		newVolumeClaims(listers),
		newDeviceClaims(client, listers),
	}
	// These were counted by their plain names before the form count/<resource>
	// existed.
	for _, name := range []corev1.ResourceName{
		corev1.ResourceConfigMaps, corev1.ResourceQuotas, corev1.ResourceReplicationControllers, corev1.ResourceSecrets,
	} {
		resource := corev1.SchemeGroupVersion.WithResource(string(name))
		evaluators = append(evaluators, generic.NewObjectCountEvaluator(resource.GroupResource(), listers(resource), name))
	}
	return generic.NewConfiguration(evaluators, Ignored())
}

// Ignored returns the resources that no quota counts: events, because the cluster
// must be able to tell what is wrong when a quota is used up, and those that are
// never stored.
func Ignored() map[schema.GroupResource]struct{} {
	return map[schema.GroupResource]struct{}{
		{Resource: "bindings"}:                       {},
		{Resource: "events"}:                         {},
		{Group: "events.k8s.io", Resource: "events"}: {},
		{Group: "authorization.k8s.io", Resource: "localsubjectaccessreviews"}: {},
	}
}
