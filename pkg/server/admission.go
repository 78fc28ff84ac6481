package server

import (
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	webhookinitializer "k8s.io/apiserver/pkg/admission/plugin/webhook/initializer"
	"k8s.io/client-go/dynamic"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission/manifests"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/policies"
	"github.com/gatehouse-k8s/gatehouse/pkg/aggregator"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/quota"
)

// inForce are the resources whose objects hold for other requests as soon as their own
// write is answered, besides those of webhooks and policies: what plugins and the RBAC
// authorizer read.
var inForce = []schema.GroupVersionResource{
	corev1.SchemeGroupVersion.WithResource("limitranges"),
	corev1.SchemeGroupVersion.WithResource("nodes"),
	corev1.SchemeGroupVersion.WithResource("resourcequotas"),
	corev1.SchemeGroupVersion.WithResource("serviceaccounts"),
	networkingv1.SchemeGroupVersion.WithResource("ingressclasses"),
	nodev1.SchemeGroupVersion.WithResource("runtimeclasses"),
	rbacv1.SchemeGroupVersion.WithResource("roles"),
	rbacv1.SchemeGroupVersion.WithResource("rolebindings"),
	rbacv1.SchemeGroupVersion.WithResource("clusterroles"),
	rbacv1.SchemeGroupVersion.WithResource("clusterrolebindings"),
	schedulingv1.SchemeGroupVersion.WithResource("priorityclasses"),
	storagev1.SchemeGroupVersion.WithResource("storageclasses"),
}

// applyAdmission makes the admission plugins, with what they need of the server.
func applyAdmission(b *base, front *aggregator.Aggregator) error {
	g := b.generic
	client, err := dynamic.NewForConfig(g.LoopbackClientConfig)
	if err != nil {
		return err
	}
	for _, plugin := range b.options.Admission.Enabled() {
		for _, resource := range plugin.Needs {
			if !b.enabled.Serves(resource) {
				return fmt.Errorf("--runtime-config turns %s/%s off, which the admission plugin %s reads: --disable-admission-plugins=%s turns that off, too",
					resource.GroupVersion(), resource.Resource, plugin.Name, plugin.Name)
			}
		}
	}
	if err := b.options.Admission.ApplyTo(g, b.inForce.Informers(b.informers), b.client, client, g.FeatureGate, g.EffectiveVersion,
		webhookinitializer.NewPluginInitializer(webhookCredentials(b), webhookServices(b, front)), pluginNeeds{b}); err != nil {
		return err
	}
	for _, resource := range inForce {
		if informer := b.informers.existing(resource); informer != nil {
			if err := b.inForce.FollowCache(resource.GroupResource(), informer); err != nil {
				return err
			}
		}
	}
	return nil
}

// pluginNeeds gives the plugins what k8s.io/apiserver leaves to the server.
type pluginNeeds struct{ base *base }

// Initialize implements admission.PluginInitializer. The questions that are never
// stored are never seen by webhooks and policies: one that refuses them would lock
// everybody out.
func (n pluginNeeds) Initialize(plugin apiadmission.Interface) {
	if wants, ok := plugin.(initializer.WantsManifestLoaders); ok {
		wants.SetManifestLoaders(manifests.Loaders())
	}
	if wants, ok := plugin.(policies.WantsTypeConverter); ok {
		wants.SetTypeConverter(n.base.documents.TypeConverter(apis.Scheme))
	}
	if wants, ok := plugin.(initializer.WantsQuotaConfiguration); ok {
		wants.SetQuotaConfiguration(quota.NewConfiguration(n.base.client, quota.NoListers))
	}
	if wants, ok := plugin.(initializer.WantsExcludedAdmissionResources); ok {
		wants.SetExcludedAdmissionResources([]schema.GroupResource{
			authenticationv1.Resource("selfsubjectreviews"),
			authenticationv1.Resource("tokenreviews"),
			authorizationv1.Resource("localsubjectaccessreviews"),
			authorizationv1.Resource("selfsubjectaccessreviews"),
			authorizationv1.Resource("selfsubjectrulesreviews"),
			authorizationv1.Resource("subjectaccessreviews"),
		})
	}
}
