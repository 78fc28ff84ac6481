package v1

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
)

// SetDefaults_NetworkPolicyPort sets the protocol to TCP.
func SetDefaults_NetworkPolicyPort(obj *networkingv1.NetworkPolicyPort) {
	defaults.Set(&obj.Protocol, corev1.ProtocolTCP)
}

// SetDefaults_NetworkPolicy makes the policy one about what comes in, and about
// what goes out if it has rules for that.
func SetDefaults_NetworkPolicy(obj *networkingv1.NetworkPolicy) {
	if len(obj.Spec.PolicyTypes) > 0 {
		return
	}
	obj.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
	if len(obj.Spec.Egress) > 0 {
		obj.Spec.PolicyTypes = append(obj.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
	}
}
