// Package validatingadmissionpolicystatus implements the controller that checks the
// expressions of validating admission policies against the schemas of the resources
// that they match, and writes what it finds into their status (KEP-3488).
package validatingadmissionpolicystatus

import (
	"context"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	applyv1 "k8s.io/client-go/applyconfigurations/admissionregistration/v1"
	"k8s.io/client-go/discovery/cached/memory"
	client "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"
	listers "k8s.io/client-go/listers/admissionregistration/v1"
	"k8s.io/client-go/restmapper"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "validatingadmissionpolicy-status-controller"

// fieldManager is the field manager of the status in kube-controller-manager.
const fieldManager = "validatingadmissionpolicy-status"

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Needs: []schema.GroupVersionResource{admissionregistrationv1.SchemeGroupVersion.WithResource("validatingadmissionpolicies")},
		New: func(d controllers.Deps) *controllers.Loop {
			policies := d.Informers.Admissionregistration().V1().ValidatingAdmissionPolicies()
			s := &status{
				client: d.Client.AdmissionregistrationV1().ValidatingAdmissionPolicies(),
				lister: policies.Lister(),
				checker: validating.TypeChecker{
					SchemaResolver: documents{d.Client.Discovery().RESTClient()},
					RestMapper:     restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(d.Client.Discovery())),
				},
			}
			return &controllers.Loop{
				Watches: []controllers.Watch{controllers.On(policies.Informer(), controllers.Self[*admissionregistrationv1.ValidatingAdmissionPolicy])},
				Sync:    s.sync,
			}
		},
	}
}

type status struct {
	client  client.ValidatingAdmissionPolicyInterface
	lister  listers.ValidatingAdmissionPolicyLister
	checker validating.TypeChecker
}

// sync checks a policy whose present generation has not been checked.
func (s *status) sync(ctx context.Context, name string) error {
	policy, err := s.lister.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || policy.Status.ObservedGeneration >= policy.Generation {
		return err
	}
	found := applyv1.TypeChecking()
	for _, warning := range s.checker.Check(policy) {
		found.WithExpressionWarnings(applyv1.ExpressionWarning().WithFieldRef(warning.FieldRef).WithWarning(warning.Warning))
	}
	apply := applyv1.ValidatingAdmissionPolicy(name).WithStatus(
		applyv1.ValidatingAdmissionPolicyStatus().WithObservedGeneration(policy.Generation).WithTypeChecking(found))
	_, err = s.client.ApplyStatus(ctx, apply, metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
	return err
}
