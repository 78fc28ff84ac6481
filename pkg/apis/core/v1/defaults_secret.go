package v1

import (
	corev1 "k8s.io/api/core/v1"
)

// SetDefaults_Secret makes a secret without a type opaque, and moves what was written as plain text to the data. That
// wins over what the data has under the same key.
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
