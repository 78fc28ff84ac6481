// Package grouptable has the columns of pod groups and of composite pod groups.
package grouptable

import (
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Group is what the columns show of a group.
type Group struct {
	// Basic and Gang say which of the scheduling policies is set.
	Basic, Gang bool
	// Workload is the name of the workload, or empty.
	Workload string
	// Conditions are those of the status.
	Conditions []metav1.Condition
	// Scheduled is the type of the condition of a group that has been placed.
	Scheduled string
}

// Columns returns the columns for a kind. policyDoc describes the scheduling
// policy, of tells what the columns show.
func Columns[T registry.Object](kind, policyDoc string, of func(group T) Group) []registry.Column[T] {
	return []registry.Column[T]{
		registry.NameColumn[T](),
		{Name: "Policy", Description: policyDoc, Cell: func(g T) any { return of(g).policy() }},
		{Name: "Workload", Description: "Name of the referenced Workload object", Cell: func(g T) any { return of(g).workload() }},
		{Name: "Status", Description: "Status of the " + kind, Cell: func(g T) any { return of(g).state() }},
		registry.AgeColumn[T](),
	}
}

func (g Group) policy() string {
	switch {
	case g.Basic:
		return "Basic"
	case g.Gang:
		return "Gang"
	}
	return registry.None
}

func (g Group) workload() string {
	if g.Workload == "" {
		return registry.None
	}
	return g.Workload
}

// state is why the group is disrupted, or else whether it has been placed. As in
// kube-apiserver, it does not matter whether the disruption is true.
func (g Group) state() string {
	if disrupted := meta.FindStatusCondition(g.Conditions, schedulingv1beta1.DisruptionTarget); disrupted != nil {
		return disrupted.Reason
	}
	switch scheduled := meta.FindStatusCondition(g.Conditions, g.Scheduled); {
	case scheduled == nil:
		return "Pending"
	case scheduled.Status == metav1.ConditionTrue:
		return "Scheduled"
	}
	return "Unschedulable"
}
