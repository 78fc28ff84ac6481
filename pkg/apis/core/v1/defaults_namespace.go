package v1

import (
	corev1 "k8s.io/api/core/v1"
)

// SetDefaults_Namespace labels a namespace with its own name, so that label selectors can select it. A namespace whose
// name is yet to be generated gets the label with the name.
func SetDefaults_Namespace(obj *corev1.Namespace) {
	if obj.Name == "" {
		return
	}
	if obj.Labels == nil {
		obj.Labels = map[string]string{}
	}
	obj.Labels[corev1.LabelMetadataName] = obj.Name
}

// SetDefaults_NamespaceStatus makes a namespace active.
func SetDefaults_NamespaceStatus(obj *corev1.NamespaceStatus) {
	if obj.Phase == "" {
		obj.Phase = corev1.NamespaceActive
	}
}
