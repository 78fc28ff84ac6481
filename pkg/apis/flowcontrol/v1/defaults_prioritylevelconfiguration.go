package v1

import (
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
)

// SetDefaults_ExemptPriorityLevelConfiguration sets the nominal concurrency
// shares and the lendable percentage to 0.
func SetDefaults_ExemptPriorityLevelConfiguration(obj *flowcontrolv1.ExemptPriorityLevelConfiguration) {
	defaults.Set(&obj.NominalConcurrencyShares, 0)
	defaults.Set(&obj.LendablePercent, 0)
}

// SetDefaults_LimitedPriorityLevelConfiguration sets the nominal concurrency
// shares and the lendable percentage if they are nil. Shares of 0 are valid and
// mean that no request of the level is executed.
func SetDefaults_LimitedPriorityLevelConfiguration(obj *flowcontrolv1.LimitedPriorityLevelConfiguration) {
	defaults.Set(&obj.NominalConcurrencyShares, 30)
	defaults.Set(&obj.LendablePercent, 0)
}

// SetDefaults_QueuingConfiguration sets the sizes that are 0.
func SetDefaults_QueuingConfiguration(obj *flowcontrolv1.QueuingConfiguration) {
	for size, value := range map[*int32]int32{&obj.Queues: 64, &obj.HandSize: 8, &obj.QueueLengthLimit: 50} {
		if *size == 0 {
			*size = value
		}
	}
}
