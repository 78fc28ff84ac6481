package v1

import (
	resourcev1 "k8s.io/api/resource/v1"
)

// SetDefaults_ExactDeviceRequest makes it a request for one device if it does
// not say for how many.
func SetDefaults_ExactDeviceRequest(obj *resourcev1.ExactDeviceRequest) {
	SetDefaultCount(&obj.AllocationMode, &obj.Count)
}

// SetDefaults_DeviceSubRequest is SetDefaults_ExactDeviceRequest for a request of
// a prioritized list.
func SetDefaults_DeviceSubRequest(obj *resourcev1.DeviceSubRequest) {
	SetDefaultCount(&obj.AllocationMode, &obj.Count)
}

// SetDefaultCount sets the allocation mode of a request of any version to
// ExactCount, and the count in this mode to 1.
func SetDefaultCount[M ~string](mode *M, count *int64) {
	exact := M(resourcev1.DeviceAllocationModeExactCount)
	if *mode == "" {
		*mode = exact
	}
	if *mode == exact && *count == 0 {
		*count = 1
	}
}
