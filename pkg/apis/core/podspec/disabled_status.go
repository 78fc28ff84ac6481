package podspec

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// gatedStatusFields are the fields of a status that need a feature gate.
var gatedStatusFields = []features.Gated[corev1.PodStatus]{
	{Gate: features.ContainerStopSignals, Field: stopSignalStatuses},
	{Gate: features.CSIVolumeHealth, Field: features.Slice(func(s *corev1.PodStatus) *[]corev1.PodVolumeHealth { return &s.VolumeHealth })},
	{Gate: features.DRAExtendedResource, Field: features.Pointer(func(s *corev1.PodStatus) **corev1.PodExtendedResourceClaimStatus {
		return &s.ExtendedResourceClaimStatus
	})},
	{Gate: features.DRANodeAllocatableResources, Field: features.Slice(func(s *corev1.PodStatus) *[]corev1.NodeAllocatableResourceClaimStatus {
		return &s.NodeAllocatableResourceClaimStatuses
	})},
	{Gate: features.ImageVolumeWithDigest, Field: imageVolumes},
	{Gate: features.InPlacePodLevelResourcesVerticalScaling, Field: podResourceStatuses},
	{Gate: features.ResourceHealthStatus, Field: resourceHealth},
	{Gate: features.ResourceHealthStatusMessage, Field: resourceHealthMessages},
}

// DropDisabledStatusFields does for the status of a pod what DropDisabledFields
// does for the spec.
func DropDisabledStatusFields(status, old *corev1.PodStatus) {
	features.Drop(status, old, gatedStatusFields)
}

func podResourceStatuses(status *corev1.PodStatus, clear bool) (used bool) {
	used = len(status.AllocatedResources) > 0 || status.Resources != nil
	if clear {
		status.AllocatedResources, status.Resources = nil, nil
	}
	return used
}

func resourceHealth(status *corev1.PodStatus, clear bool) (used bool) {
	for _, c := range containerStatuses(status) {
		used = used || len(c.AllocatedResourcesStatus) > 0
		if clear {
			c.AllocatedResourcesStatus = nil
		}
	}
	return used
}

func resourceHealthMessages(status *corev1.PodStatus, clear bool) (used bool) {
	for _, c := range containerStatuses(status) {
		for i := range c.AllocatedResourcesStatus {
			for j := range c.AllocatedResourcesStatus[i].Resources {
				r := &c.AllocatedResourcesStatus[i].Resources[j]
				used = used || r.Message != nil
				if clear {
					r.Message = nil
				}
			}
		}
	}
	return used
}

func stopSignalStatuses(status *corev1.PodStatus, clear bool) (used bool) {
	for _, c := range containerStatuses(status) {
		used = used || c.StopSignal != nil
		if clear {
			c.StopSignal = nil
		}
	}
	return used
}

func imageVolumes(status *corev1.PodStatus, clear bool) (used bool) {
	for _, c := range containerStatuses(status) {
		for i := range c.VolumeMounts {
			used = used || c.VolumeMounts[i].VolumeStatus != nil
			if clear {
				c.VolumeMounts[i].VolumeStatus = nil
			}
		}
	}
	return used
}

func containerStatuses(status *corev1.PodStatus) []*corev1.ContainerStatus {
	var all []*corev1.ContainerStatus
	for _, list := range [][]corev1.ContainerStatus{status.InitContainerStatuses, status.ContainerStatuses, status.EphemeralContainerStatuses} {
		for i := range list {
			all = append(all, &list[i])
		}
	}
	return all
}
