// Package podsecurity implements the admission plugin PodSecurity (KEP-2579). It
// refuses pods that violate the pod security standard of their namespace, and warns
// of workloads whose pods would. The rules are those of
// k8s.io/pod-security-admission.
package podsecurity

import (
	"context"
	"fmt"
	"io"
	"sync"

	admissionv1 "k8s.io/api/admission/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	basecompatibility "k8s.io/component-base/compatibility"
	"k8s.io/component-base/metrics/legacyregistry"
	podsecurity "k8s.io/pod-security-admission/admission"
	"k8s.io/pod-security-admission/admission/api/load"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/metrics"
	"k8s.io/pod-security-admission/policy"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin { return admission.Plugin{Name: "PodSecurity", New: newPlugin} }

// recorder counts what all servers of the process decide.
var recorder = sync.OnceValue(func() metrics.Recorder {
	r := metrics.NewPrometheusRecorder(api.GetAPIVersion())
	r.MustRegister(legacyregistry.MustRegister)
	return r
})

// concerned are the resources that the rules look at.
var concerned = map[schema.GroupResource]bool{
	corev1.Resource("namespaces"):             true,
	corev1.Resource("pods"):                   true,
	corev1.Resource("podtemplates"):           true,
	corev1.Resource("replicationcontrollers"): true,
	appsv1.Resource("daemonsets"):             true,
	appsv1.Resource("deployments"):            true,
	appsv1.Resource("replicasets"):            true,
	appsv1.Resource("statefulsets"):           true,
	batchv1.Resource("cronjobs"):              true,
	batchv1.Resource("jobs"):                  true,
}

type plugin struct {
	*admission.Validating
	rules      *podsecurity.Admission
	namespaces corelisters.NamespaceLister
	client     kubernetes.Interface
	emulated   *api.Version
}

var (
	_ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)
	_ initializer.WantsExternalKubeClientSet       = (*plugin)(nil)
	_ initializer.WantsEffectiveVersion            = (*plugin)(nil)
)

func newPlugin(config io.Reader) (admission.Interface, error) {
	configuration, err := load.LoadFromReader(config)
	if err != nil {
		return nil, err
	}
	p := &plugin{rules: &podsecurity.Admission{Configuration: configuration, Metrics: recorder(), PodSpecExtractor: podsecurity.DefaultPodSpecExtractor{}}}
	p.Validating = admission.Validate(admission.OnAll(p.check, admission.Create, admission.Update))
	return p, nil
}

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
func (p *plugin) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	informer := f.Core().V1().Namespaces()
	p.namespaces = informer.Lister()
	p.WaitFor(informer.Informer())
}

// SetExternalKubeClientSet implements initializer.WantsExternalKubeClientSet.
func (p *plugin) SetExternalKubeClientSet(client kubernetes.Interface) { p.client = client }

// InspectEffectiveVersion implements initializer.WantsEffectiveVersion.
func (p *plugin) InspectEffectiveVersion(version basecompatibility.EffectiveVersion) {
	emulated := version.EmulationVersion()
	v := api.MajorMinorVersion(int(emulated.Major()), int(emulated.Minor()))
	p.emulated = &v
}

// ValidateInitialization implements admission.InitializationValidator. It comes
// when the plugin has got everything that it wants.
func (p *plugin) ValidateInitialization() (err error) {
	if p.rules.Evaluator, err = policy.NewEvaluator(policy.DefaultChecks(), p.emulated); err != nil {
		return err
	}
	p.rules.NamespaceGetter = podsecurity.NamespaceGetterFromListerAndClient(p.namespaces, p.client)
	p.rules.PodLister = podsecurity.PodListerFromClient(p.client)
	if err := p.rules.CompleteConfiguration(); err != nil {
		return err
	}
	return p.rules.ValidateConfiguration()
}

func (p *plugin) check(ctx context.Context, a admission.Attributes) error {
	if !concerned[a.GetResource().GroupResource()] {
		return nil
	}
	response := p.rules.Validate(ctx, request{a})
	for _, text := range response.Warnings {
		warning.AddWarning(ctx, "", text)
	}
	for key, value := range response.AuditAnnotations {
		if err := a.AddAnnotation(api.AuditAnnotationPrefix+key, value); err != nil {
			return fmt.Errorf("audit annotation %s: %w", key, err)
		}
	}
	if response.Allowed {
		return nil
	}
	if response.Result == nil {
		return admission.Forbidden(a, "Not admitted by PodSecurity")
	}
	return &apierrors.StatusError{ErrStatus: *response.Result}
}

// request is a request in the form that the rules read.
type request struct{ admission.Attributes }

var _ api.Attributes = request{}

// GetOperation implements api.Attributes.
func (r request) GetOperation() admissionv1.Operation {
	return admissionv1.Operation(r.Attributes.GetOperation())
}

// GetObject implements api.Attributes.
func (r request) GetObject() (runtime.Object, error) { return r.Attributes.GetObject(), nil }

// GetOldObject implements api.Attributes.
func (r request) GetOldObject() (runtime.Object, error) { return r.Attributes.GetOldObject(), nil }

// GetUserName implements api.Attributes.
func (r request) GetUserName() string { return r.GetUserInfo().GetName() }
