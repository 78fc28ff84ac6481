package v1

import flowcontrolv1 "k8s.io/api/flowcontrol/v1"

// defaultMatchingPrecedence puts a flow schema between those of the system and those that catch the rest.
const defaultMatchingPrecedence = 1000

// SetDefaults_FlowSchemaSpec sets the precedence.
func SetDefaults_FlowSchemaSpec(obj *flowcontrolv1.FlowSchemaSpec) {
	if obj.MatchingPrecedence == 0 {
		obj.MatchingPrecedence = defaultMatchingPrecedence
	}
}
