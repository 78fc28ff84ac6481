package resourceclaim

import (
	"github.com/google/uuid"
	resourcev1 "k8s.io/api/resource/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
	resourcevalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/validation"
)

// maxConfigs is the number of configurations of an allocation: those of its claim
// and as many of a class.
const maxConfigs = 2 * resourcev1.DeviceConfigMaxSize

func validateAllocation(a *resourcev1.AllocationResult, names resourcevalidation.RequestNames) field.ErrorList {
	p := allocationPath.Child("devices")
	errs := resourcevalidation.ValidateList(a.Devices.Results, resourcev1.AllocationResultsMaxSize, p.Child("results"),
		func(r *result, p *field.Path) field.ErrorList { return validateResult(r, names, p) })
	errs = append(errs, resourcevalidation.ValidateList(a.Devices.Config, maxConfigs, p.Child("config"),
		func(c *resourcev1.DeviceAllocationConfiguration, p *field.Path) field.ErrorList {
			errs := metavalidation.ValidateRequiredOneOf(c.Source, p.Child("source"),
				resourcev1.AllocationConfigSourceClaim, resourcev1.AllocationConfigSourceClass)
			errs = append(errs, names.ValidateReferences(c.Requests, p.Child("requests"))...)
			return append(errs, resourcevalidation.ValidateConfiguration(&c.DeviceConfiguration, false, p)...)
		})...)
	if a.NodeSelector != nil {
		errs = append(errs, validation.ValidateNodeSelector(a.NodeSelector, false, allocationPath.Child("nodeSelector"))...)
	}
	return errs
}

// validateResult does not check the tolerations, which are those of the request,
// nor the capacity that is consumed, as kube-apiserver does not.
func validateResult(r *result, names resourcevalidation.RequestNames, p *field.Path) field.ErrorList {
	errs := names.ValidateAllocated(r.Request, p.Child("request"))
	errs = append(errs, resourcevalidation.ValidateDriverName(r.Driver, p.Child("driver"))...)
	errs = append(errs, resourcevalidation.ValidatePoolName(r.Pool, p.Child("pool"))...)
	errs = append(errs, resourcevalidation.ValidateDeviceName(r.Device, p.Child("device"))...)
	errs = append(errs, resourcevalidation.ValidateBindingConditions(r.BindingConditions, r.BindingFailureConditions, p)...)
	if r.ShareID != nil {
		errs = append(errs, validateUUID(string(*r.ShareID), p.Child("shareID"))...)
	}
	return errs
}

// validateDevice checks what a driver reports about a device, which has to be
// among those that are allocated.
func validateDevice(d *resourcev1.AllocatedDeviceStatus, known sets.Set[deviceKey], p *field.Path) field.ErrorList {
	errs := resourcevalidation.ValidateDriverName(d.Driver, p.Child("driver"))
	errs = append(errs, resourcevalidation.ValidatePoolName(d.Pool, p.Child("pool"))...)
	errs = append(errs, resourcevalidation.ValidateDeviceName(d.Device, p.Child("device"))...)
	if d.ShareID != nil {
		errs = append(errs, validateUUID(*d.ShareID, p.Child("shareID"))...)
	}
	if key := keyOf(d); !known.Has(key) {
		errs = append(errs, field.Invalid(p, key, "must be an allocated device in the claim"))
	}
	conditions := p.Child("conditions")
	if len(d.Conditions) > resourcev1.AllocatedDeviceStatusMaxConditions {
		errs = append(errs, field.TooMany(conditions, len(d.Conditions), resourcev1.AllocatedDeviceStatusMaxConditions))
	} else {
		errs = append(errs, metav1validation.ValidateConditions(d.Conditions, conditions)...)
	}
	if d.Data != nil && len(d.Data.Raw) > 0 {
		errs = append(errs, resourcevalidation.ValidateData(d.Data, resourcev1.AllocatedDeviceStatusDataMaxLength, p.Child("data"))...)
	}
	if d.NetworkData != nil {
		errs = append(errs, validateNetworkData(d.NetworkData, p.Child("networkData"))...)
	}
	return errs
}

func validateNetworkData(n *resourcev1.NetworkDeviceData, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if limit := resourcev1.NetworkDeviceDataInterfaceNameMaxLength; len(n.InterfaceName) > limit {
		errs = append(errs, field.TooLong(p.Child("interfaceName"), "", limit))
	}
	if limit := resourcev1.NetworkDeviceDataHardwareAddressMaxLength; len(n.HardwareAddress) > limit {
		errs = append(errs, field.TooLong(p.Child("hardwareAddress"), "", limit))
	}
	return append(errs, resourcevalidation.ValidateSet(n.IPs, resourcev1.NetworkDeviceDataMaxIPs, p.Child("ips"),
		func(ip *string) string { return *ip },
		func(ip *string, p *field.Path) field.ErrorList { return utilvalidation.IsValidInterfaceAddress(p, *ip) })...)
}

// validateUUID checks that an identifier is a UUID in its usual form.
func validateUUID(id string, p *field.Path) field.ErrorList {
	parsed, err := uuid.Parse(id)
	switch {
	case err != nil:
		return field.ErrorList{field.Invalid(p, id, "error validating uid: "+err.Error())}
	case parsed.String() != id:
		return field.ErrorList{field.Invalid(p, id,
			"uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters")}
	}
	return nil
}
