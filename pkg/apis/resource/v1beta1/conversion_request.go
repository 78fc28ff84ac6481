package v1beta1

import (
	resourcev1 "k8s.io/api/resource/v1"
	resourcev1beta1 "k8s.io/api/resource/v1beta1"
	"k8s.io/apimachinery/pkg/conversion"
)

// Convert_v1beta1_DeviceRequest_To_v1_DeviceRequest moves the fields of the
// request itself to exactly. Where none of them is set, there is no exactly.
func Convert_v1beta1_DeviceRequest_To_v1_DeviceRequest(in *resourcev1beta1.DeviceRequest, out *resourcev1.DeviceRequest, s conversion.Scope) error {
	if err := autoConvert_v1beta1_DeviceRequest_To_v1_DeviceRequest(in, out, s); err != nil {
		return err
	}
	if !isExact(in) {
		return nil
	}
	// A subrequest has all fields of a request but the administrative access.
	fields := resourcev1beta1.DeviceSubRequest{
		DeviceClassName: in.DeviceClassName, Selectors: in.Selectors, AllocationMode: in.AllocationMode, Count: in.Count,
		Tolerations: in.Tolerations, Capacity: in.Capacity, DerivedAttributes: in.DerivedAttributes,
	}
	var exactly resourcev1.DeviceSubRequest
	if err := Convert_v1beta1_DeviceSubRequest_To_v1_DeviceSubRequest(&fields, &exactly, s); err != nil {
		return err
	}
	out.Exactly = &resourcev1.ExactDeviceRequest{
		DeviceClassName: exactly.DeviceClassName, Selectors: exactly.Selectors, AllocationMode: exactly.AllocationMode, Count: exactly.Count,
		AdminAccess: in.AdminAccess,
		Tolerations: exactly.Tolerations, Capacity: exactly.Capacity, DerivedAttributes: exactly.DerivedAttributes,
	}
	return nil
}

// isExact reports whether a request has fields that v1 has in exactly.
func isExact(in *resourcev1beta1.DeviceRequest) bool {
	return in.DeviceClassName != "" || in.Selectors != nil || in.AllocationMode != "" || in.Count != 0 || in.AdminAccess != nil ||
		in.Tolerations != nil || in.Capacity != nil || in.DerivedAttributes != nil
}

// Convert_v1_DeviceRequest_To_v1beta1_DeviceRequest moves the fields of exactly to
// the request itself.
func Convert_v1_DeviceRequest_To_v1beta1_DeviceRequest(in *resourcev1.DeviceRequest, out *resourcev1beta1.DeviceRequest, s conversion.Scope) error {
	if err := autoConvert_v1_DeviceRequest_To_v1beta1_DeviceRequest(in, out, s); err != nil {
		return err
	}
	exactly := in.Exactly
	if exactly == nil {
		return nil
	}
	fields := resourcev1.DeviceSubRequest{
		DeviceClassName: exactly.DeviceClassName, Selectors: exactly.Selectors, AllocationMode: exactly.AllocationMode, Count: exactly.Count,
		Tolerations: exactly.Tolerations, Capacity: exactly.Capacity, DerivedAttributes: exactly.DerivedAttributes,
	}
	var request resourcev1beta1.DeviceSubRequest
	if err := Convert_v1_DeviceSubRequest_To_v1beta1_DeviceSubRequest(&fields, &request, s); err != nil {
		return err
	}
	out.DeviceClassName, out.Selectors, out.AllocationMode, out.Count = request.DeviceClassName, request.Selectors, request.AllocationMode, request.Count
	out.AdminAccess = exactly.AdminAccess
	out.Tolerations, out.Capacity, out.DerivedAttributes = request.Tolerations, request.Capacity, request.DerivedAttributes
	return nil
}
