package endpointslice

import (
	"context"

	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

const (
	maxEndpoints = 1000
	maxAddresses = 100
	maxPorts     = 20000
	maxTopology  = 16
	maxHints     = 8
)

var (
	typePath      = field.NewPath("addressType")
	endpointsPath = field.NewPath("endpoints")
	portsPath     = field.NewPath("ports")
	addressTypes  = []discoveryv1.AddressType{discoveryv1.AddressTypeFQDN, discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6}
)

func validate(_ context.Context, s *discoveryv1.EndpointSlice) field.ErrorList {
	return validateContent(s, nil)
}

func validateUpdate(_ context.Context, s, old *discoveryv1.EndpointSlice) field.ErrorList {
	return append(validateContent(s, old), apivalidation.ValidateImmutableField(s.AddressType, old.AddressType, typePath)...)
}

func validateContent(s, old *discoveryv1.EndpointSlice) field.ErrorList {
	errs := validateAddressType(s.AddressType)
	if old == nil || !apiequality.Semantic.DeepEqual(s.Endpoints, old.Endpoints) {
		errs = append(errs, validateEndpoints(s, addressesOf(old))...)
	}
	return append(errs, validatePorts(s.Ports)...)
}

// validateEndpoints checks the endpoints. It accepts addresses that the old
// slice contains already, even in a form that is no longer valid.
func validateEndpoints(s *discoveryv1.EndpointSlice, before []string) (errs field.ErrorList) {
	if count := len(s.Endpoints); count > maxEndpoints {
		return field.ErrorList{field.TooMany(endpointsPath, count, maxEndpoints)}
	}
	for i := range s.Endpoints {
		errs = append(errs, validateEndpoint(&s.Endpoints[i], s.AddressType, before, endpointsPath.Index(i))...)
	}
	return errs
}

func addressesOf(s *discoveryv1.EndpointSlice) (addresses []string) {
	if s != nil {
		for i := range s.Endpoints {
			addresses = append(addresses, s.Endpoints[i].Addresses...)
		}
	}
	return addresses
}

func validateAddressType(t discoveryv1.AddressType) field.ErrorList {
	switch t {
	case "":
		return field.ErrorList{field.Required(typePath, "")}
	case discoveryv1.AddressTypeFQDN, discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6:
		return nil
	}
	return field.ErrorList{field.NotSupported(typePath, t, addressTypes)}
}

func validateEndpoint(e *discoveryv1.Endpoint, t discoveryv1.AddressType, before []string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	addresses := path.Child("addresses")
	switch count := len(e.Addresses); {
	case count == 0:
		errs = append(errs, field.Required(addresses, "must contain at least 1 address"))
	case count > maxAddresses:
		errs = append(errs, field.TooMany(addresses, count, maxAddresses))
	}
	for i, address := range e.Addresses {
		errs = append(errs, validateAddress(address, t, before, addresses, addresses.Index(i))...)
	}
	if e.NodeName != nil {
		errs = append(errs, validation.ValidateDNS1123Subdomain(*e.NodeName, path.Child("nodeName"))...)
	}
	topology := path.Child("deprecatedTopology")
	if count := len(e.DeprecatedTopology); count > maxTopology {
		errs = append(errs, field.TooMany(topology, count, maxTopology))
	}
	errs = append(errs, metav1validation.ValidateLabels(e.DeprecatedTopology, topology)...)
	if e.Hostname != nil {
		errs = append(errs, validation.ValidateDNS1123Label(*e.Hostname, path.Child("hostname"))...)
	}
	if e.Hints != nil {
		errs = append(errs, validateHints(e.Hints, path.Child("hints"))...)
	}
	return errs
}

// validateAddress checks an address. Like in kube-apiserver, the error about a
// wrong IP family has the path of the list and not that of the item.
func validateAddress(address string, t discoveryv1.AddressType, before []string, list, path *field.Path) field.ErrorList {
	switch t {
	case discoveryv1.AddressTypeIPv4:
		return append(validateIP(address, before, list, path, "must be an IPv4 address", netutils.IsIPv4String), validateReachable(address, path)...)
	case discoveryv1.AddressTypeIPv6:
		return append(validateIP(address, before, list, path, "must be an IPv6 address", netutils.IsIPv6String), validateReachable(address, path)...)
	case discoveryv1.AddressTypeFQDN:
		return utilvalidation.IsFullyQualifiedDomainName(path, address)
	}
	return nil
}

func validateIP(address string, before []string, list, path *field.Path, complaint string, ofFamily func(string) bool) field.ErrorList {
	errs := utilvalidation.IsValidIPForLegacyField(path, address, true, before)
	if len(errs) == 0 && !ofFamily(address) {
		errs = append(errs, field.Invalid(list, address, complaint))
	}
	return errs
}

// validateReachable checks that the address can be that of another host. It
// ignores strings that are no addresses, because validateIP reports them.
func validateReachable(address string, path *field.Path) field.ErrorList {
	if netutils.ParseIPSloppy(address) == nil {
		return nil
	}
	return validation.ValidateNonSpecialIP(address, path)
}

func validateHints(hints *discoveryv1.EndpointHints, path *field.Path) field.ErrorList {
	zones, nodes := make([]string, len(hints.ForZones)), make([]string, len(hints.ForNodes))
	for i := range hints.ForZones {
		zones[i] = hints.ForZones[i].Name
	}
	for i := range hints.ForNodes {
		nodes[i] = hints.ForNodes[i].Name
	}
	errs := validateHintNames(zones, path.Child("forZones"), validation.ValidateLabelValue)
	return append(errs, validateHintNames(nodes, path.Child("forNodes"), validation.ValidateDNS1123Subdomain)...)
}

func validateHintNames(names []string, path *field.Path, valid func(string, *field.Path) field.ErrorList) field.ErrorList {
	if len(names) > maxHints {
		return field.ErrorList{field.TooMany(path, len(names), maxHints)}
	}
	var errs field.ErrorList
	seen := sets.Set[string]{}
	for i, name := range names {
		at := path.Index(i).Child("name")
		if seen.Has(name) {
			errs = append(errs, field.Duplicate(at, name))
		}
		seen.Insert(name)
		errs = append(errs, valid(name, at)...)
	}
	return errs
}

func validatePorts(ports []discoveryv1.EndpointPort) field.ErrorList {
	if len(ports) > maxPorts {
		return field.ErrorList{field.TooMany(portsPath, len(ports), maxPorts)}
	}
	var errs field.ErrorList
	names := sets.Set[string]{}
	for i := range ports {
		port, path := &ports[i], portsPath.Index(i)
		if port.Name != nil {
			if *port.Name != "" {
				errs = append(errs, validation.ValidateDNS1123Label(*port.Name, path.Child("name"))...)
			}
			if names.Has(*port.Name) {
				errs = append(errs, field.Duplicate(path.Child("name"), *port.Name))
			}
			names.Insert(*port.Name)
		}
		if port.Protocol == nil {
			errs = append(errs, field.Required(path.Child("protocol"), ""))
		} else {
			errs = append(errs, validation.ValidateProtocol(*port.Protocol, path.Child("protocol"))...)
		}
		if port.AppProtocol != nil {
			errs = append(errs, validation.ValidateQualifiedName(*port.AppProtocol, path.Child("appProtocol"))...)
		}
	}
	return errs
}
