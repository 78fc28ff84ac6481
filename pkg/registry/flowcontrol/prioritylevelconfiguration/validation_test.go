package prioritylevelconfiguration

import (
	"testing"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	flowcontrolbootstrap "k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
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

// TestValidate runs a transcript: see registrytest.Validate.
func TestValidate(t *testing.T) {
	registrytest.Validate(t, "testdata/validation.txt", Resource, valid)
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
