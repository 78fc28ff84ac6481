package v1

import (
	corev1 "k8s.io/api/core/v1"
)

// SetDefaults_Secret sets the type to Opaque if it is empty, and moves
// stringData to data. If both contain the same key, the value in stringData
// takes precedence.
func SetDefaults_Secret(obj *corev1.Secret) {
	if obj.Type == "" {
		obj.Type = corev1.SecretTypeOpaque
	}
	if len(obj.StringData) > 0 && obj.Data == nil {
		obj.Data = make(map[string][]byte, len(obj.StringData))
	}
	for key, text := range obj.StringData {
		obj.Data[key] = []byte(text)
	}
	obj.StringData = nil
}
