package endpointslice

import (
	"context"

	discoveryv1 "k8s.io/api/discovery/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
)

func warningsOnCreate(_ context.Context, s *discoveryv1.EndpointSlice) (warnings []string) {
	switch s.AddressType {
	case discoveryv1.AddressTypeFQDN:
		warnings = append(warnings, "spec.addressType: FQDN endpoints are deprecated")
	case discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6:
		for i := range s.Endpoints {
			for j, address := range s.Endpoints[i].Addresses {
				warnings = append(warnings, utilvalidation.GetWarningsForIP(endpointsPath.Index(i).Child("addresses").Index(j), address)...)
			}
		}
	}
	return warnings
}
