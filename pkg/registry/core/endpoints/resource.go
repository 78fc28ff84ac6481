// Package endpoints defines endpoints, the older form of endpoint slices.
package endpoints

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines endpoints.
var Resource = &registry.Resource[*corev1.Endpoints]{
	GVR:          corev1.SchemeGroupVersion.WithResource("endpoints"),
	Singular:     "endpoints",
	ShortNames:   []string{"ep"},
	New:          func() *corev1.Endpoints { return &corev1.Endpoints{} },
	NewList:      func() runtime.Object { return &corev1.EndpointsList{} },
	Prefix:       "services/endpoints",
	PutCreates:   true,
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[*corev1.Endpoints]{
		Validate:         validate,
		OnUpdate:         []registry.Rule{registry.MetadataChange, registry.Metadata, registry.Change},
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: warningsOnCreate,
		WarningsOnUpdate: warningsOnUpdate,
	},
	Columns: []registry.Column[*corev1.Endpoints]{
		registry.NameColumn[*corev1.Endpoints](),
		{Name: "Endpoints", Description: registry.Doc(corev1.Endpoints{}, "subsets"), Cell: func(e *corev1.Endpoints) any { return format(e.Subsets) }},
		registry.AgeColumn[*corev1.Endpoints](),
	},
}

// shown is the number of addresses that a table shows.
const shown = 3

// format lists the first addresses with their ports and tells how many more
// there are.
func format(subsets []corev1.EndpointSubset) string {
	var list []string
	count := 0
	add := func(endpoint string) {
		count++
		if len(list) < shown {
			list = append(list, endpoint)
		}
	}
	for i := range subsets {
		subset := &subsets[i]
		if len(subset.Ports) == 0 {
			for j := range subset.Addresses {
				add(subset.Addresses[j].IP)
			}
		}
		for j := range subset.Ports {
			for k := range subset.Addresses {
				add(net.JoinHostPort(subset.Addresses[k].IP, strconv.Itoa(int(subset.Ports[j].Port))))
			}
		}
	}
	if count == 0 {
		return registry.None
	}
	out := strings.Join(list, ",")
	if more := count - len(list); more > 0 {
		out += fmt.Sprintf(" + %d more...", more)
	}
	return out
}
