package v1

import (
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	"k8s.io/utils/ptr"
)

// SetDefaults_ExemptPriorityLevelConfiguration gives an exempt level no share of its own.
func SetDefaults_ExemptPriorityLevelConfiguration(obj *flowcontrolv1.ExemptPriorityLevelConfiguration) {
	setDefault(&obj.NominalConcurrencyShares, 0)
	setDefault(&obj.LendablePercent, 0)
}

// SetDefaults_LimitedPriorityLevelConfiguration gives a level a share that it does not lend. A share of 0, for a level
// that holds all its requests back, is kept.
func SetDefaults_LimitedPriorityLevelConfiguration(obj *flowcontrolv1.LimitedPriorityLevelConfiguration) {
	setDefault(&obj.NominalConcurrencyShares, 30)
	setDefault(&obj.LendablePercent, 0)
}

// SetDefaults_QueuingConfiguration sets the sizes that are zero.
func SetDefaults_QueuingConfiguration(obj *flowcontrolv1.QueuingConfiguration) {
	for size, value := range map[*int32]int32{&obj.Queues: 64, &obj.HandSize: 8, &obj.QueueLengthLimit: 50} {
		if *size == 0 {
			*size = value
		}
	}
}

func setDefault(field **int32, value int32) {
	if *field == nil {
		*field = ptr.To(value)
	}
}
