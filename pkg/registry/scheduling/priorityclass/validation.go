package priorityclass

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

const (
	// HighestUserDefined is the highest value that a class may have if it is
	// not one of System.
	HighestUserDefined = int32(1000000000)
	systemPrefix       = "system-"
)

// System returns the priority classes that every cluster has.
func System() []*schedulingv1.PriorityClass {
	policy := corev1.PreemptLowerPriority
	class := func(name string, value int32, description string) *schedulingv1.PriorityClass {
		pc := &schedulingv1.PriorityClass{Value: value, Description: description, PreemptionPolicy: &policy}
		pc.Name = name
		return pc
	}
	return []*schedulingv1.PriorityClass{
		class("system-node-critical", 2*HighestUserDefined+1000,
			"Used for system critical pods that must not be moved from their current node."),
		class("system-cluster-critical", 2*HighestUserDefined,
			"Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."),
	}
}

func validate(_ context.Context, pc *schedulingv1.PriorityClass) (errs field.ErrorList) {
	if strings.HasPrefix(pc.Name, systemPrefix) {
		if err := knownSystem(pc); err != nil {
			errs = append(errs, field.Forbidden(field.NewPath("metadata", "name"),
				fmt.Sprintf("priority class names with '%s' prefix are reserved for system use only. error: %v", systemPrefix, err)))
		}
	} else if pc.Value > HighestUserDefined {
		errs = append(errs, field.Forbidden(field.NewPath("value"), fmt.Sprintf("maximum allowed value of a user defined priority is %v", HighestUserDefined)))
	}
	if p := pc.PreemptionPolicy; p != nil {
		errs = append(errs, metavalidation.ValidateRequiredOneOf(*p, field.NewPath("preemptionPolicy"), corev1.PreemptLowerPriority, corev1.PreemptNever)...)
	}
	return errs
}

// knownSystem returns an error if the class is not one of System.
func knownSystem(pc *schedulingv1.PriorityClass) error {
	for _, system := range System() {
		if system.Name != pc.Name {
			continue
		}
		if system.Value != pc.Value {
			return fmt.Errorf("value of %v PriorityClass must be %v", pc.Name, system.Value)
		}
		if system.GlobalDefault != pc.GlobalDefault {
			return fmt.Errorf("globalDefault of %v PriorityClass must be %v", pc.Name, system.GlobalDefault)
		}
		return nil
	}
	return fmt.Errorf("%v is not a known system priority class", pc.Name)
}

func validateUpdate(_ context.Context, pc, old *schedulingv1.PriorityClass) (errs field.ErrorList) {
	if pc.Value != old.Value {
		errs = append(errs, field.Forbidden(field.NewPath("value"), "may not be changed in an update."))
	}
	return append(errs, apivalidation.ValidateImmutableField(pc.PreemptionPolicy, old.PreemptionPolicy, field.NewPath("preemptionPolicy"))...)
}
