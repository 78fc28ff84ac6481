package v1

import (
	resourcev1 "k8s.io/api/resource/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SetDefaults_DeviceTaint says that the taint was added now, in whole seconds, if
// it does not say when.
func SetDefaults_DeviceTaint(obj *resourcev1.DeviceTaint) { SetDefaultTimeAdded(&obj.TimeAdded) }

// SetDefaultTimeAdded sets the time of a taint of any version.
func SetDefaultTimeAdded(added **metav1.Time) {
	if *added == nil {
		now := metav1.Now().Rfc3339Copy()
		*added = &now
	}
}
