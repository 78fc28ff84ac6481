package prioritylevelconfiguration

import (
	"fmt"
	"strings"
	"testing"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	flowcontrolbootstrap "k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap"
	"k8s.io/utils/ptr"
)

func valid() *flowcontrolv1.PriorityLevelConfiguration {
	return &flowcontrolv1.PriorityLevelConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "mine"},
		Spec: flowcontrolv1.PriorityLevelConfigurationSpec{
			Type: flowcontrolv1.PriorityLevelEnablementLimited,
			Limited: &flowcontrolv1.LimitedPriorityLevelConfiguration{
				NominalConcurrencyShares: ptr.To[int32](10), LendablePercent: ptr.To[int32](0),
				LimitResponse: flowcontrolv1.LimitResponse{
					Type:    flowcontrolv1.LimitResponseTypeQueue,
					Queuing: &flowcontrolv1.QueuingConfiguration{Queues: 64, HandSize: 8, QueueLengthLimit: 50},
				},
			},
		},
	}
}

func TestValidate(t *testing.T) {
	type limited = flowcontrolv1.LimitedPriorityLevelConfiguration
	for want, change := range map[string]func(l *limited){
		"": func(*limited) {},
		"spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer": func(l *limited) {
			l.NominalConcurrencyShares = ptr.To[int32](-1)
		},
		"spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive": func(l *limited) {
			l.LendablePercent = ptr.To[int32](101)
		},
		"spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer": func(l *limited) {
			l.BorrowingLimitPercent = ptr.To[int32](-1)
		},
		"spec.limited.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited": func(l *limited) {
			l.LimitResponse.Queuing = nil
		},
		"spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited": func(l *limited) {
			l.LimitResponse.Type = flowcontrolv1.LimitResponseTypeReject
		},
		`spec.limited.limitResponse.type: Unsupported value: "Wait": supported values: "Queue", "Reject"`: func(l *limited) { l.LimitResponse.Type = "Wait" },
		"spec.limited.limitResponse.queuing.queues: Invalid value: 0: must be positive" +
			" spec.limited.limitResponse.queuing.handSize: Invalid value: 8: should not be greater than queues (0)": func(l *limited) {
			l.LimitResponse.Queuing.Queues = 0
		},
		"spec.limited.limitResponse.queuing.handSize: Invalid value: 20: required entropy bits of deckSize 64 and handSize 20 should not be greater than 60": func(l *limited) {
			l.LimitResponse.Queuing.HandSize = 20
		},
	} {
		level := valid()
		change(level.Spec.Limited)
		if got := strings.Trim(fmt.Sprint(Resource.ValidateNew(t.Context(), level)), "[]"); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
}

func TestTypeAndName(t *testing.T) {
	level := valid()
	level.Name = flowcontrolv1.PriorityLevelConfigurationNameExempt
	const want = "[spec.type: Invalid value: \"Limited\": must be 'Exempt' if and only if `name` is 'exempt'"
	if got := fmt.Sprint(Resource.ValidateNew(t.Context(), level)); !strings.HasPrefix(got, want) {
		t.Error(got)
	}
}

func TestMandatoryIsFixed(t *testing.T) {
	for _, mandatory := range flowcontrolbootstrap.MandatoryPriorityLevelConfigurations {
		level := mandatory.DeepCopy()
		if errs := Resource.ValidateNew(t.Context(), level); len(errs) > 0 {
			t.Errorf("%s: %v", level.Name, errs)
		}
		if level.Name == flowcontrolv1.PriorityLevelConfigurationNameExempt {
			level.Spec.Exempt = &flowcontrolv1.ExemptPriorityLevelConfiguration{NominalConcurrencyShares: ptr.To[int32](3)}
			if errs := Resource.ValidateChange(t.Context(), "", level, mandatory); len(errs) > 0 {
				t.Errorf("the share of %s: %v", level.Name, errs)
			}
			continue
		}
		level.Spec.Limited.NominalConcurrencyShares = ptr.To[int32](99)
		if errs := Resource.ValidateChange(t.Context(), "", level, mandatory); len(errs) != 1 || errs[0].Detail != "spec of 'catch-all' must equal the fixed value" {
			t.Errorf("%s changed: %v", level.Name, errs)
		}
	}
}
