package v1alpha3

import (
	resourcev1alpha3 "k8s.io/api/resource/v1alpha3"

	apisresourcev1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/v1"
)

// SetDefaults_DeviceTaint says that the taint was added now if it does not say
// when.
func SetDefaults_DeviceTaint(obj *resourcev1alpha3.DeviceTaint) {
	apisresourcev1.SetDefaultTimeAdded(&obj.TimeAdded)
}
