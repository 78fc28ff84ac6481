package endpointslice

import (
	"fmt"
	"strconv"
	"strings"

	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// shown is the number of ports or addresses that a table shows.
const shown = 3

var columns = []registry.Column[*discoveryv1.EndpointSlice]{
	registry.NameColumn[*discoveryv1.EndpointSlice](),
	{Name: "AddressType", Description: registry.Doc(discoveryv1.EndpointSlice{}, "addressType"),
		Cell: func(s *discoveryv1.EndpointSlice) any { return string(s.AddressType) }},
	{Name: "Ports", Description: registry.Doc(discoveryv1.EndpointSlice{}, "ports"),
		Cell: func(s *discoveryv1.EndpointSlice) any { return formatPorts(s.Ports) }},
	{Name: "Endpoints", Description: registry.Doc(discoveryv1.EndpointSlice{}, "endpoints"),
		Cell: func(s *discoveryv1.EndpointSlice) any { return formatEndpoints(s.Endpoints) }},
	registry.AgeColumn[*discoveryv1.EndpointSlice](),
}

func formatPorts(ports []discoveryv1.EndpointPort) string {
	var all []string
	for i := range ports {
		switch port := &ports[i]; {
		case port.Port != nil:
			all = append(all, strconv.Itoa(int(*port.Port)))
		case port.Name != nil:
			all = append(all, *port.Name)
		default:
			all = append(all, "*")
		}
	}
	return first(all)
}

func formatEndpoints(endpoints []discoveryv1.Endpoint) string {
	var all []string
	for i := range endpoints {
		all = append(all, endpoints[i].Addresses...)
	}
	return first(all)
}

// first returns the first values and the number of those that are not shown.
func first(all []string) string {
	if len(all) <= shown {
		if list := strings.Join(all, ","); list != "" {
			return list
		}
		return "<unset>"
	}
	return fmt.Sprintf("%s + %d more...", strings.Join(all[:shown], ","), len(all)-shown)
}
