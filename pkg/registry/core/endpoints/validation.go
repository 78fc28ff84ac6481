package endpoints

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

var subsetsPath = field.NewPath("subsets")

func validate(_ context.Context, e *corev1.Endpoints) field.ErrorList {
	return validateSubsets(e.Subsets, nil)
}

func validateUpdate(_ context.Context, e, old *corev1.Endpoints) field.ErrorList {
	return validateSubsets(e.Subsets, old.Subsets)
}

// validateSubsets checks the subsets. It accepts addresses that the old object
// contains already, even in a form that is no longer valid.
func validateSubsets(subsets, old []corev1.EndpointSubset) field.ErrorList {
	if apiequality.Semantic.DeepEqual(subsets, old) {
		return nil
	}
	var errs field.ErrorList
	before := addressesOf(old)
	for i := range subsets {
		subset, path := &subsets[i], subsetsPath.Index(i)
		if len(subset.Addresses) == 0 && len(subset.NotReadyAddresses) == 0 {
			errs = append(errs, field.Required(path, "must specify `addresses` or `notReadyAddresses`"))
		}
		for j := range subset.Addresses {
			errs = append(errs, validateAddress(&subset.Addresses[j], before, path.Child("addresses").Index(j))...)
		}
		for j := range subset.NotReadyAddresses {
			errs = append(errs, validateAddress(&subset.NotReadyAddresses[j], before, path.Child("notReadyAddresses").Index(j))...)
		}
		for j := range subset.Ports {
			errs = append(errs, validatePort(&subset.Ports[j], len(subset.Ports) > 1, path.Child("ports").Index(j))...)
		}
	}
	return errs
}

func addressesOf(subsets []corev1.EndpointSubset) (addresses []string) {
	for i := range subsets {
		for _, list := range [][]corev1.EndpointAddress{subsets[i].Addresses, subsets[i].NotReadyAddresses} {
			for j := range list {
				addresses = append(addresses, list[j].IP)
			}
		}
	}
	return addresses
}

func validateAddress(address *corev1.EndpointAddress, before []string, path *field.Path) field.ErrorList {
	errs := utilvalidation.IsValidIPForLegacyField(path.Child("ip"), address.IP, true, before)
	if address.Hostname != "" {
		errs = append(errs, validation.ValidateDNS1123Label(address.Hostname, path.Child("hostname"))...)
	}
	if address.NodeName != nil {
		errs = append(errs, validation.ValidateDNS1123Subdomain(*address.NodeName, path.Child("nodeName"))...)
	}
	return append(errs, validation.ValidateNonSpecialIP(address.IP, path.Child("ip"))...)
}

func validatePort(port *corev1.EndpointPort, named bool, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if named && port.Name == "" {
		errs = append(errs, field.Required(path.Child("name"), ""))
	} else if port.Name != "" {
		errs = append(errs, validation.ValidateDNS1123Label(port.Name, path.Child("name"))...)
	}
	errs = append(errs, validation.ValidatePortNumber(port.Port, path.Child("port"))...)
	errs = append(errs, validation.ValidateRequiredProtocol(port.Protocol, path.Child("protocol"))...)
	if port.AppProtocol != nil {
		errs = append(errs, validation.ValidateQualifiedName(*port.AppProtocol, path.Child("appProtocol"))...)
	}
	return errs
}

func warningsOnCreate(_ context.Context, e *corev1.Endpoints) (warnings []string) {
	for i := range e.Subsets {
		path := subsetsPath.Index(i)
		for j := range e.Subsets[i].Addresses {
			warnings = append(warnings, utilvalidation.GetWarningsForIP(path.Child("addresses").Index(j).Child("ip"), e.Subsets[i].Addresses[j].IP)...)
		}
		for j := range e.Subsets[i].NotReadyAddresses {
			warnings = append(warnings, utilvalidation.GetWarningsForIP(path.Child("notReadyAddresses").Index(j).Child("ip"), e.Subsets[i].NotReadyAddresses[j].IP)...)
		}
	}
	return warnings
}

func warningsOnUpdate(ctx context.Context, e, old *corev1.Endpoints) []string {
	if apiequality.Semantic.DeepEqual(e.Subsets, old.Subsets) {
		return nil
	}
	return warningsOnCreate(ctx, e)
}
