package prioritylevelconfiguration

import (
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type level = *flowcontrolv1.PriorityLevelConfiguration

var columns = []registry.Column[level]{
	registry.NameColumn[level](),
	{Name: "Type", Description: registry.Doc(flowcontrolv1.PriorityLevelConfigurationSpec{}, "type"),
		Cell: func(l level) any { return string(l.Spec.Type) }},
	{Name: "NominalConcurrencyShares", Description: registry.Doc(flowcontrolv1.LimitedPriorityLevelConfiguration{}, "nominalConcurrencyShares"),
		Cell: shares},
	{Name: "Queues", Description: registry.Doc(flowcontrolv1.QueuingConfiguration{}, "queues"),
		Cell: queuing(func(q *flowcontrolv1.QueuingConfiguration) int32 { return q.Queues })},
	{Name: "HandSize", Description: registry.Doc(flowcontrolv1.QueuingConfiguration{}, "handSize"),
		Cell: queuing(func(q *flowcontrolv1.QueuingConfiguration) int32 { return q.HandSize })},
	{Name: "QueueLengthLimit", Description: registry.Doc(flowcontrolv1.QueuingConfiguration{}, "queueLengthLimit"),
		Cell: queuing(func(q *flowcontrolv1.QueuingConfiguration) int32 { return q.QueueLengthLimit })},
	registry.AgeColumn[level](),
}

func shares(l level) any {
	if l.Spec.Limited == nil || l.Spec.Limited.NominalConcurrencyShares == nil {
		return registry.None
	}
	return *l.Spec.Limited.NominalConcurrencyShares
}

// queuing returns a function that formats a property of the queues of a level,
// which may have none.
func queuing(size func(*flowcontrolv1.QueuingConfiguration) int32) func(level) any {
	return func(l level) any {
		if l.Spec.Limited == nil || l.Spec.Limited.LimitResponse.Queuing == nil {
			return registry.None
		}
		return size(l.Spec.Limited.LimitResponse.Queuing)
	}
}
