package resourcequota

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

var columns = []registry.Column[object]{
	registry.NameColumn[object](),
	{Name: "Request", Description: "Request represents a minimum amount of cpu/memory that a container may consume.",
		Cell: func(q object) any { return usage(q, false) }},
	{Name: "Limit", Description: "Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.",
		Cell: func(q object) any { return usage(q, true) }},
	registry.AgeColumn[object](),
}

// limitsPrefix begins the names of limits.
const limitsPrefix = "limits."

// usage lists what is used of each resource that is limited in the status.
func usage(q object, limits bool) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(q.Status.Hard)) {
		if strings.HasPrefix(string(name), limitsPrefix) == limits {
			used, hard := q.Status.Used[name], q.Status.Hard[name]
			all = append(all, fmt.Sprintf("%s: %s/%s", name, used.String(), hard.String()))
		}
	}
	return strings.Join(all, ", ")
}
