package webhooks

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	webhookinitializer "k8s.io/apiserver/pkg/admission/plugin/webhook/initializer"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/mutating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericfeatures "k8s.io/apiserver/pkg/features"
	webhookutil "k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/component-base/featuregate"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// wants is what the plugins of k8s.io/apiserver are initialized with. It does not have
// WantsManifestLoaders, because a plugin that reads webhooks from files is not deferred.
type wants interface {
	initializer.WantsExternalKubeClientSet
	initializer.WantsExternalKubeInformerFactory
	initializer.WantsUnconditionalAuthorizer
	initializer.WantsDrainedNotification
	initializer.WantsAPIServerID
	initializer.WantsFeatures
	initializer.WantsExcludedAdmissionResources
	webhookinitializer.WantsServiceResolver
	webhookinitializer.WantsAuthenticationInfoResolverWrapper
}

// library is a plugin of k8s.io/apiserver.
type library interface {
	apiadmission.Interface
	wants
}

// deferred stands for a plugin of k8s.io/apiserver. It notes what the plugin is to be
// initialized with, and makes it when there is a configuration.
type deferred[P library] struct {
	// Handler knows the operations of webhooks.
	*apiadmission.Handler
	// made returns the plugin. The first call makes it.
	made func() (P, error)
	// resource is that of the configurations.
	resource schema.GroupVersionResource
	// settings initialize the plugin.
	settings []func(P)

	configurations cache.SharedIndexInformer
	// current is the plugin, or nil if it has not been made.
	current atomic.Pointer[P]
	// excludes is true if the resources in excluded are not seen by webhooks.
	excludes bool
	excluded []schema.GroupResource
}

var _ wants = &deferred[*mutating.Plugin]{}

func newDeferred[P library](resource schema.GroupVersionResource, create func() (P, error)) *deferred[P] {
	d := &deferred[P]{
		Handler:  apiadmission.NewHandler(admission.Connect, admission.Create, admission.Delete, admission.Update),
		resource: resource,
	}
	d.made = sync.OnceValues(func() (P, error) {
		plugin, err := create()
		if err != nil {
			return plugin, err
		}
		for _, set := range d.settings {
			set(plugin)
		}
		if err := plugin.ValidateInitialization(); err != nil {
			return plugin, err
		}
		d.current.Store(&plugin)
		return plugin, nil
	})
	return d
}

// plugin returns the plugin if the request is to be given to it. It returns false if no
// webhook is called for the request, and with an error if the request is refused.
func (d *deferred[P]) plugin(ctx context.Context, a admission.Attributes) (plugin P, called bool, err error) {
	if current := d.current.Load(); current != nil {
		return *current, true, nil
	}
	if rules.IsExemptAdmissionConfigurationResource(a) || d.excludes && slices.Contains(d.excluded, a.GetResource().GroupResource()) {
		return plugin, false, nil
	}
	if err := admission.WaitForReady(ctx, a, d.configurations.HasSyncedChecker().Done()); err != nil {
		return plugin, false, err
	}
	if len(d.configurations.GetStore().ListKeys()) == 0 {
		return plugin, false, nil
	}
	plugin, err = d.made()
	return plugin, err == nil, err
}

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
// The factory starts the informers that are asked for now.
func (d *deferred[P]) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	f.Core().V1().Namespaces().Informer()
	informer, err := f.ForResource(d.resource)
	utilruntime.Must(err) // the factory has all resources of the version
	d.configurations = informer.Informer()
	// The answer to the write of a configuration waits for this handler, and so finds the plugin made.
	_, err = d.configurations.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(any) {
		if _, err := d.made(); err != nil {
			utilruntime.HandleError(err)
		}
	}})
	utilruntime.Must(err) // the informer has not ended yet
	d.set(func(plugin P) { plugin.SetExternalKubeInformerFactory(f) })
}

// SetExcludedAdmissionResources implements initializer.WantsExcludedAdmissionResources.
func (d *deferred[P]) SetExcludedAdmissionResources(resources []schema.GroupResource) {
	d.excluded = append(d.excluded, resources...)
	d.set(func(plugin P) { plugin.SetExcludedAdmissionResources(resources) })
}

// InspectFeatureGates implements initializer.WantsFeatures.
func (d *deferred[P]) InspectFeatureGates(gates featuregate.FeatureGate) {
	d.excludes = gates.Enabled(genericfeatures.ExcludeAdmissionWebhookVirtualResources)
	d.set(func(plugin P) { plugin.InspectFeatureGates(gates) })
}

// SetExternalKubeClientSet implements initializer.WantsExternalKubeClientSet.
func (d *deferred[P]) SetExternalKubeClientSet(client kubernetes.Interface) {
	d.set(func(plugin P) { plugin.SetExternalKubeClientSet(client) })
}

// SetUnconditionalAuthorizer implements initializer.WantsUnconditionalAuthorizer.
func (d *deferred[P]) SetUnconditionalAuthorizer(a authorizer.UnconditionalAuthorizer) {
	d.set(func(plugin P) { plugin.SetUnconditionalAuthorizer(a) })
}

// SetDrainedNotification implements initializer.WantsDrainedNotification.
func (d *deferred[P]) SetDrainedNotification(drained <-chan struct{}) {
	d.set(func(plugin P) { plugin.SetDrainedNotification(drained) })
}

// SetAPIServerID implements initializer.WantsAPIServerID.
func (d *deferred[P]) SetAPIServerID(id string) { d.set(func(plugin P) { plugin.SetAPIServerID(id) }) }

// SetServiceResolver implements initializer.WantsServiceResolver.
func (d *deferred[P]) SetServiceResolver(resolver webhookutil.ServiceResolver) {
	d.set(func(plugin P) { plugin.SetServiceResolver(resolver) })
}

// SetAuthenticationInfoResolverWrapper implements
// initializer.WantsAuthenticationInfoResolverWrapper.
func (d *deferred[P]) SetAuthenticationInfoResolverWrapper(wrapper webhookutil.AuthenticationInfoResolverWrapper) {
	d.set(func(plugin P) { plugin.SetAuthenticationInfoResolverWrapper(wrapper) })
}

// ValidateInitialization implements admission.InitializationValidator. The plugin checks
// itself what it has been initialized with when it is made.
func (d *deferred[P]) ValidateInitialization() error { return nil }

func (d *deferred[P]) set(setting func(P)) { d.settings = append(d.settings, setting) }
