package v1

import (
	corev1 "k8s.io/api/core/v1"
)

// SetDefaults_Namespace sets the label that contains the name of the namespace,
// so that label selectors can select it. If the name is generated, the label is
// set later together with the name.
func SetDefaults_Namespace(obj *corev1.Namespace) {
	if obj.Name == "" {
		return
	}
	if obj.Labels == nil {
		obj.Labels = map[string]string{}
	}
	obj.Labels[corev1.LabelMetadataName] = obj.Name
}

// SetDefaults_NamespaceStatus sets the phase to active.
func SetDefaults_NamespaceStatus(obj *corev1.NamespaceStatus) {
	if obj.Phase == "" {
		obj.Phase = corev1.NamespaceActive
	}
}
