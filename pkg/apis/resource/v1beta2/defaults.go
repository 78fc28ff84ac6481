package v1beta2

import (
	resourcev1beta2 "k8s.io/api/resource/v1beta2"

	apisresourcev1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/v1"
)

// SetDefaults_ExactDeviceRequest makes it a request for one device if it does
// not say for how many.
func SetDefaults_ExactDeviceRequest(obj *resourcev1beta2.ExactDeviceRequest) {
	apisresourcev1.SetDefaultCount(&obj.AllocationMode, &obj.Count)
}

// SetDefaults_DeviceSubRequest is SetDefaults_ExactDeviceRequest for a request of
// a prioritized list.
func SetDefaults_DeviceSubRequest(obj *resourcev1beta2.DeviceSubRequest) {
	apisresourcev1.SetDefaultCount(&obj.AllocationMode, &obj.Count)
}

// SetDefaults_DeviceTaint says that the taint was added now if it does not say
// when.
func SetDefaults_DeviceTaint(obj *resourcev1beta2.DeviceTaint) {
	apisresourcev1.SetDefaultTimeAdded(&obj.TimeAdded)
}
