package server

import (
	coordinationv1beta1 "k8s.io/api/coordination/v1beta1"
	genericfeatures "k8s.io/apiserver/pkg/features"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/leadership"
)

// installLeadership adds the hook of coordinated leader election, if its feature gate is on.
func (s *Server) installLeadership() error {
	if !features.Enabled(genericfeatures.CoordinatedLeaderElection) {
		return nil
	}
	b := s.base
	if !b.enabled.Serves(coordinationv1beta1.SchemeGroupVersion.WithResource("leasecandidates")) {
		klog.Warning("The feature gate CoordinatedLeaderElection is on, but nobody can be a candidate: --runtime-config=coordination.k8s.io/v1beta1=true is missing")
		return nil
	}
	return leadership.AddHook(s.generic, b.client, leadership.Times(*b.options.Leadership))
}
