package v1

import (
	"context"
	"strings"

	"k8s.io/apimachinery/pkg/api/operation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// maxReservedResponderPriority is the highest priority that is reserved for
// responders of the Kubernetes project (KEP-4563).
const maxReservedResponderPriority = 999

// ValidateCustom_EvictionResponder_Name refuses the domains that are reserved
// for Kubernetes. The generated validation checks the syntax.
func ValidateCustom_EvictionResponder_Name(_ context.Context, _ operation.Operation, p *field.Path, name, _ *string) field.ErrorList {
	if name == nil {
		return nil
	}
	domain, _, _ := strings.Cut(*name, "/")
	for _, reserved := range []string{"k8s.io", "kubernetes.io"} {
		if domain == reserved || strings.HasSuffix(domain, "."+reserved) {
			return field.ErrorList{field.Invalid(p, *name, "domain names *.k8s.io and *.kubernetes.io are reserved")}
		}
	}
	return nil
}

// ValidateCustom_EvictionResponder_Priority refuses the priorities that are
// reserved for responders of the Kubernetes project.
func ValidateCustom_EvictionResponder_Priority(_ context.Context, _ operation.Operation, p *field.Path, priority, _ *int32) field.ErrorList {
	if priority == nil || *priority < 0 || *priority > maxReservedResponderPriority {
		return nil
	}
	return field.ErrorList{field.Invalid(p, *priority, "priorities 0-999 are reserved for responders with the *.k8s.io suffix")}
}
