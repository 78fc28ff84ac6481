// Package admission lists the admission plugins, each of which has a folder of
// its own below this one unless k8s.io/apiserver has it.
package admission

import (
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission/defaulttolerationseconds"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/nodetaint"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/priority"
)

// Plugin is an admission plugin that the server has.
type Plugin struct {
	// Name is kube-apiserver's name of it.
	Name string
	// Register makes it known.
	Register func(*admission.Plugins)
	// Off is true for a plugin that has to be enabled.
	Off bool
}

// Config is what flags, rather than --admission-control-config-file, say to
// plugins. It is read when the plugins are made.
type Config struct {
	// NotReadySeconds and UnreachableSeconds are for DefaultTolerationSeconds.
	NotReadySeconds, UnreachableSeconds int64
}

// Plugins are the plugins in the order in which they run.
func Plugins(c *Config) []Plugin {
	return []Plugin{
		{Name: lifecycle.PluginName, Register: lifecycle.Register},
		{Name: nodetaint.PluginName, Register: nodetaint.Register},
		{Name: priority.PluginName, Register: priority.Register},
		{Name: defaulttolerationseconds.PluginName, Register: defaulttolerationseconds.Register(&c.NotReadySeconds, &c.UnreachableSeconds)},
	}
}

// Known are kube-apiserver's plugins, those that the server does not have yet
// included.
func Known() []string {
	return []string{
		"AlwaysAdmit", "AlwaysDeny", "AlwaysPullImages", "CertificateApproval", "CertificateSigning",
		"CertificateSubjectRestriction", "ClusterTrustBundleAttest", "DefaultIngressClass", "DefaultStorageClass",
		"DefaultTolerationSeconds", "DenyServiceExternalIPs", "EventRateLimit", "ExtendedResourceToleration",
		"ImagePolicyWebhook", "JobValidation", "LimitPodHardAntiAffinityTopology", "LimitRanger",
		"MutatingAdmissionPolicy", "MutatingAdmissionWebhook", "NamespaceAutoProvision", "NamespaceExists",
		"NamespaceLifecycle", "NodeDeclaredFeatureValidator", "NodeRestriction", "OwnerReferencesPermissionEnforcement",
		"PersistentVolumeClaimResize", "PodGroupProtection", "PodGroupWorkloadExists", "PodNodeSelector",
		"PodResizeValidator", "PodSecurity", "PodTolerationRestriction", "PodTopologyLabels", "Priority", "ResourceQuota",
		"RuntimeClass", "ServiceAccount", "StorageObjectInUseProtection", "TaintNodesByCondition",
		"ValidatingAdmissionPolicy", "ValidatingAdmissionWebhook",
	}
}
