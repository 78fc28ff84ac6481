package server

import (
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
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

// readByPlugins are the resources of the core group whose objects hold for other
// requests as soon as their own write is answered.
var readByPlugins = []string{"limitranges", "resourcequotas", "serviceaccounts"}

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
	for _, name := range readByPlugins {
		resource := corev1.SchemeGroupVersion.WithResource(name)
		if !b.enabled.Serves(resource) {
			continue
		}
		informer, err := b.informers.ForResource(resource)
		if err != nil {
			return err
		}
		if err := b.inForce.FollowCache(resource.GroupResource(), informer.Informer()); err != nil {
			return err
		}
	}
	return b.options.Admission.ApplyTo(g, b.inForce.Informers(b.informers), b.client, client, g.FeatureGate, g.EffectiveVersion,
		webhookinitializer.NewPluginInitializer(webhookCredentials(g), webhookServices(b, front)), pluginNeeds{b})
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
