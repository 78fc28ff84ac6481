package noderestriction

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/node"
)

// reference returns to what a pod refers, in the words of kube-apiserver, or an
// empty string.
func reference(pod *corev1.Pod) string {
	if pod.Spec.ServiceAccountName != "" {
		return "serviceaccounts"
	}
	var secrets, configMaps bool
	node.VisitReferences(pod, func(resource corev1.ResourceName, _ string) {
		secrets = secrets || resource == corev1.ResourceSecrets
		configMaps = configMaps || resource == corev1.ResourceConfigMaps
	})
	switch {
	case secrets:
		return "secrets"
	case configMaps:
		return "configmaps"
	case len(pod.Spec.ResourceClaims) > 0:
		return "resourceclaims"
	}
	for i := range pod.Spec.Volumes {
		if what := volumeReference(&pod.Spec.Volumes[i]); what != "" {
			return what
		}
	}
	return ""
}

// volumeReference is reference for a volume. Secrets and config maps are here again
// for volumes that lack the name, which are invalid.
func volumeReference(v *corev1.Volume) string {
	switch {
	case v.Secret != nil:
		return "secrets (via secret volumes)"
	case v.ConfigMap != nil:
		return "configmaps (via configmap volumes)"
	case v.AzureFile != nil:
		return "secrets (via azureFile volumes)"
	case v.PersistentVolumeClaim != nil:
		return "persistentvolumeclaims"
	case v.Ephemeral != nil:
		return "persistentvolumeclaims (via ephemeral volumes)"
	case v.CSI != nil:
		return "csidrivers (via CSI volumes)"
	case v.Projected != nil:
		for _, source := range v.Projected.Sources {
			if what := projectedReference(source); what != "" {
				return what
			}
		}
	}
	return ""
}

func projectedReference(source corev1.VolumeProjection) string {
	switch {
	case source.Secret != nil:
		return "secrets (via projected volumes)"
	case source.ConfigMap != nil:
		return "configmaps (via projected volumes)"
	case source.ServiceAccountToken != nil:
		return "serviceaccounts (via projected volumes)"
	case source.ClusterTrustBundle != nil:
		return "clustertrustbundles"
	case source.PodCertificate != nil:
		return "podcertificates"
	}
	return ""
}
