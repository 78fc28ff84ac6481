package v1beta1

import (
	resourcev1beta1 "k8s.io/api/resource/v1beta1"

	apisresourcev1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/v1"
)

// SetDefaults_DeviceRequest makes it a request for one device if it does not say
// for how many. A request without a device class is a prioritized list of other
// requests, and has no count.
func SetDefaults_DeviceRequest(obj *resourcev1beta1.DeviceRequest) {
	if obj.DeviceClassName != "" {
		apisresourcev1.SetDefaultCount(&obj.AllocationMode, &obj.Count)
	}
}

// SetDefaults_DeviceSubRequest is SetDefaults_DeviceRequest for a request of
// a prioritized list.
func SetDefaults_DeviceSubRequest(obj *resourcev1beta1.DeviceSubRequest) {
	apisresourcev1.SetDefaultCount(&obj.AllocationMode, &obj.Count)
}

// SetDefaults_DeviceTaint says that the taint was added now if it does not say
// when.
func SetDefaults_DeviceTaint(obj *resourcev1beta1.DeviceTaint) {
	apisresourcev1.SetDefaultTimeAdded(&obj.TimeAdded)
}
