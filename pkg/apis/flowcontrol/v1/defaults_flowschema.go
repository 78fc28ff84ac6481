package v1

import flowcontrolv1 "k8s.io/api/flowcontrol/v1"

// defaultMatchingPrecedence is between the precedence of the flow schemas for
// the system and that of the catch-all flow schemas.
const defaultMatchingPrecedence = 1000

// SetDefaults_FlowSchemaSpec sets the matching precedence.
func SetDefaults_FlowSchemaSpec(obj *flowcontrolv1.FlowSchemaSpec) {
	if obj.MatchingPrecedence == 0 {
		obj.MatchingPrecedence = defaultMatchingPrecedence
	}
}
