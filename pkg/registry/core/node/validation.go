package node

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

var (
	metaPath     = field.NewPath("metadata")
	specPath     = field.NewPath("spec")
	statusPath   = field.NewPath("status")
	podCIDRsPath = specPath.Child("podCIDRs")

	// taintsPath is the path in errors about taints. The field is spec.taints,
	// but kube-apiserver reports metadata.taints.
	taintsPath = metaPath.Child("taints")

	featureName = regexp.MustCompile(`^[A-Z][a-zA-Z0-9]*(/[a-zA-Z0-9]+)*$`)
)

func validateUpdate(_ context.Context, n, old *corev1.Node) field.ErrorList {
	errs := validateNode(n, old)
	errs = append(errs, metavalidation.ValidateObjectMetaUpdate(&n.ObjectMeta, &old.ObjectMeta, metaPath)...)
	return append(errs, validateChange(n, old)...)
}

// validateNode checks all of a node except its metadata. Address ranges that
// the old node contains already may have a form that is no longer valid.
func validateNode(n, old *corev1.Node) field.ErrorList {
	errs := validateAvoidPods(n.Annotations, metaPath.Child("annotations"))
	errs = append(errs, validation.ValidateTaints(n.Spec.Taints, taintsPath)...)
	errs = append(errs, validateResources(n)...)
	for i, name := range n.Status.DeclaredFeatures {
		if !featureName.MatchString(name) {
			errs = append(errs, field.Invalid(statusPath.Child("declaredFeatures").Index(i), name, fmt.Sprintf(
				"invalid feature name %q: must start with an UpperCamelCase segment, with subsequent segments separated by '/' "+
					"(e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes", name)))
		}
	}
	return append(errs, validatePodCIDRs(n, old)...)
}

// validatePodCIDRs checks that there is at most one range of each IP family.
func validatePodCIDRs(n, old *corev1.Node) field.ErrorList {
	var errs field.ErrorList
	var known []string
	if old != nil {
		known = old.Spec.PodCIDRs
	}
	ranges := n.Spec.PodCIDRs
	for i, r := range ranges {
		errs = append(errs, utilvalidation.IsValidCIDRForLegacyField(podCIDRsPath.Index(i), r, true, known)...)
	}
	if len(ranges) < 2 {
		return errs
	}
	dual, err := netutils.IsDualStackCIDRStrings(ranges)
	if err != nil {
		errs = append(errs, field.InternalError(podCIDRsPath, fmt.Errorf("invalid PodCIDRs. failed to check with dual stack with error:%w", err)))
	}
	if !dual || len(ranges) > 2 {
		errs = append(errs, field.Invalid(podCIDRsPath, ranges, "may specify no more than one CIDR for each IP family"))
	}
	return errs
}

func validateResources(n *corev1.Node) field.ErrorList {
	var errs field.ErrorList
	check := func(list corev1.ResourceList, p *field.Path) {
		for _, name := range slices.Sorted(maps.Keys(list)) {
			errs = append(errs, validation.ValidateResourceQuantityValue(name, list[name], p.Child(string(name)))...)
		}
	}
	check(n.Status.Capacity, statusPath.Child("capacity"))
	check(n.Status.Allocatable, statusPath.Child("allocatable"))
	return errs
}

// validateChange checks that fields which can only be set once do not change.
func validateChange(n, old *corev1.Node) field.ErrorList {
	errs := validateResources(n)
	seen := sets.Set[corev1.NodeAddress]{}
	for i, a := range n.Status.Addresses {
		if seen.Has(a) {
			errs = append(errs, field.Duplicate(statusPath.Child("addresses").Index(i), goform.Of(a)))
		}
		seen.Insert(a)
	}
	if len(old.Spec.PodCIDRs) > 0 && !slices.Equal(n.Spec.PodCIDRs, old.Spec.PodCIDRs) {
		errs = append(errs, field.Forbidden(podCIDRsPath, "node updates may not change podCIDR except from \"\" to valid"))
	}
	if old.Spec.ProviderID != "" && n.Spec.ProviderID != old.Spec.ProviderID {
		errs = append(errs, field.Forbidden(specPath.Child("providerID"), "node updates may not change providerID except from \"\" to valid"))
	}
	return append(errs, validation.ValidateTaints(n.Spec.Taints, taintsPath)...)
}
