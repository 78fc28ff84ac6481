package v1

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	"k8s.io/utils/ptr"
)

func TestDefaults(t *testing.T) {
	level := &flowcontrolv1.PriorityLevelConfiguration{Spec: flowcontrolv1.PriorityLevelConfigurationSpec{
		Limited: &flowcontrolv1.LimitedPriorityLevelConfiguration{
			LimitResponse: flowcontrolv1.LimitResponse{Queuing: &flowcontrolv1.QueuingConfiguration{HandSize: 4}},
		},
		Exempt: &flowcontrolv1.ExemptPriorityLevelConfiguration{LendablePercent: ptr.To[int32](5)},
	}}
	SetObjectDefaults_PriorityLevelConfiguration(level)
	want := flowcontrolv1.PriorityLevelConfigurationSpec{
		Limited: &flowcontrolv1.LimitedPriorityLevelConfiguration{
			NominalConcurrencyShares: ptr.To[int32](30), LendablePercent: ptr.To[int32](0),
			LimitResponse: flowcontrolv1.LimitResponse{Queuing: &flowcontrolv1.QueuingConfiguration{Queues: 64, HandSize: 4, QueueLengthLimit: 50}},
		},
		Exempt: &flowcontrolv1.ExemptPriorityLevelConfiguration{NominalConcurrencyShares: ptr.To[int32](0), LendablePercent: ptr.To[int32](5)},
	}
	if diff := cmp.Diff(want, level.Spec); diff != "" {
		t.Error(diff)
	}
	schema := &flowcontrolv1.FlowSchema{}
	SetObjectDefaults_FlowSchema(schema)
	if got := schema.Spec.MatchingPrecedence; got != 1000 {
		t.Errorf("precedence %d", got)
	}
}
