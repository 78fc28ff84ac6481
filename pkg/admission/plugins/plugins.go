// Package plugins lists the admission plugins.
package plugins

import (
	"k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/defaulttolerationseconds"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/nodetaint"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/priority"
)

// All returns the plugins of one server, in the order of Known, in which they
// run.
func All() []admission.Plugin {
	return []admission.Plugin{
		{Name: lifecycle.PluginName, Register: lifecycle.Register},
		nodetaint.Plugin(),
		priority.Plugin(),
		defaulttolerationseconds.Plugin(),
	}
}

// Known returns kube-apiserver's plugins, those that the server does not have
// yet included, in the order in which kube-apiserver runs them.
func Known() []string {
	return []string{
		"AlwaysAdmit",
		"NamespaceAutoProvision",
		"NamespaceLifecycle",
		"NamespaceExists",
		"LimitPodHardAntiAffinityTopology",
		"LimitRanger",
		"ServiceAccount",
		"NodeRestriction",
		"TaintNodesByCondition",
		"AlwaysPullImages",
		"ImagePolicyWebhook",
		"PodSecurity",
		"PodNodeSelector",
		"Priority",
		"DefaultTolerationSeconds",
		"PodTolerationRestriction",
		"EventRateLimit",
		"ExtendedResourceToleration",
		"DefaultStorageClass",
		"StorageObjectInUseProtection",
		"OwnerReferencesPermissionEnforcement",
		"PodGroupProtection",
		"PersistentVolumeClaimResize",
		"RuntimeClass",
		"CertificateApproval",
		"CertificateSigning",
		"ClusterTrustBundleAttest",
		"CertificateSubjectRestriction",
		"DefaultIngressClass",
		"DenyServiceExternalIPs",
		"PodTopologyLabels",
		"PodGroupWorkloadExists",
		"NodeDeclaredFeatureValidator",
		"JobValidation",
		"PodResizeValidator",
		"MutatingAdmissionPolicy",
		"MutatingAdmissionWebhook",
		"ValidatingAdmissionPolicy",
		"ValidatingAdmissionWebhook",
		"ResourceQuota",
		"AlwaysDeny",
	}
}
