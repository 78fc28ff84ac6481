package pod

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation/volume"
)

// Features are the feature gates that pods depend on. The zero value is the
// default: all of them are off.
type Features struct {
	Volumes                     volume.Features
	ContainerStopSignals        bool
	CSIVolumeHealth             bool
	DRANodeAllocatableResources bool
	EvictionRequestAPI          bool
	GenericWorkload             bool
	GRPCContainerProbeTLS       bool
	H2CContainerProbe           bool
	ImageVolumeWithDigest       bool
	VolumeBindMountOptions      bool
}

// gate is what a feature adds to T.
type gate[T any] struct {
	on bool
	// field clears the feature's field where told so, and reports whether it was set.
	field func(obj *T, clear bool) (used bool)
}

// drop clears what needs a feature that is off, unless the old object, if
// there is one, has it already.
func drop[T any](obj, old *T, gates ...gate[T]) {
	for _, g := range gates {
		if !g.on && (old == nil || !g.field(old, false)) {
			g.field(obj, true)
		}
	}
}

// DropDisabledFields clears the fields of a spec whose feature is off, unless
// the old spec, if there is one, has them already.
func DropDisabledFields(spec, old *corev1.PodSpec, on Features) {
	drop(spec, old,
		gate[corev1.PodSpec]{on.ContainerStopSignals, stopSignals},
		gate[corev1.PodSpec]{on.EvictionRequestAPI, evictionResponders},
		gate[corev1.PodSpec]{on.GenericWorkload, schedulingGroup},
		gate[corev1.PodSpec]{on.GRPCContainerProbeTLS, grpcModes},
		gate[corev1.PodSpec]{on.H2CContainerProbe, httpProtocols},
		gate[corev1.PodSpec]{on.VolumeBindMountOptions, bindMountOptions},
	)
	var volumes []corev1.Volume
	if old != nil {
		volumes = old.Volumes
	}
	volume.DropDisabledFields(spec.Volumes, volumes, on.Volumes)
}

// DropDisabledStatusFields is DropDisabledFields for the status.
func DropDisabledStatusFields(status, old *corev1.PodStatus, on Features) {
	drop(status, old,
		gate[corev1.PodStatus]{on.ContainerStopSignals, stopSignalStatuses},
		gate[corev1.PodStatus]{on.CSIVolumeHealth, volumeHealth},
		gate[corev1.PodStatus]{on.DRANodeAllocatableResources, allocatableClaims},
		gate[corev1.PodStatus]{on.ImageVolumeWithDigest, imageVolumes},
	)
}

func stopSignals(spec *corev1.PodSpec, clear bool) (used bool) {
	for _, c := range containersOf(spec, nil) {
		if c.Lifecycle == nil || c.Lifecycle.StopSignal == nil {
			continue
		}
		used = true
		if !clear {
			continue
		}
		c.Lifecycle.StopSignal = nil
		if *c.Lifecycle == (corev1.Lifecycle{}) {
			c.Lifecycle = nil
		}
	}
	return used
}

func evictionResponders(spec *corev1.PodSpec, clear bool) (used bool) {
	used = len(spec.EvictionResponders) > 0
	if clear {
		spec.EvictionResponders = nil
	}
	return used
}

func schedulingGroup(spec *corev1.PodSpec, clear bool) (used bool) {
	used = spec.SchedulingGroup != nil
	if clear {
		spec.SchedulingGroup = nil
	}
	return used
}

func grpcModes(spec *corev1.PodSpec, clear bool) (used bool) {
	for _, c := range containersOf(spec, nil) {
		for _, p := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
			if p == nil || p.GRPC == nil {
				continue
			}
			used = used || p.GRPC.Mode != nil
			if clear {
				p.GRPC.Mode = nil
			}
		}
	}
	return used
}

func httpProtocols(spec *corev1.PodSpec, clear bool) (used bool) {
	for _, c := range containersOf(spec, nil) {
		for _, get := range httpGets(c) {
			used = used || get.Protocol != nil
			if clear {
				get.Protocol = nil
			}
		}
	}
	return used
}

// httpGets returns the requests that a container's probes and hooks make.
func httpGets(c *corev1.Container) []*corev1.HTTPGetAction {
	var all []*corev1.HTTPGetAction
	for _, p := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
		if p != nil && p.HTTPGet != nil {
			all = append(all, p.HTTPGet)
		}
	}
	if c.Lifecycle == nil {
		return all
	}
	for _, h := range []*corev1.LifecycleHandler{c.Lifecycle.PostStart, c.Lifecycle.PreStop} {
		if h != nil && h.HTTPGet != nil {
			all = append(all, h.HTTPGet)
		}
	}
	return all
}

func bindMountOptions(spec *corev1.PodSpec, clear bool) (used bool) {
	for _, c := range containersOf(spec, nil) {
		for i := range c.VolumeMounts {
			used = used || len(c.VolumeMounts[i].BindMountOptions) > 0
			if clear {
				c.VolumeMounts[i].BindMountOptions = nil
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

func volumeHealth(status *corev1.PodStatus, clear bool) (used bool) {
	used = len(status.VolumeHealth) > 0
	if clear {
		status.VolumeHealth = nil
	}
	return used
}

func allocatableClaims(status *corev1.PodStatus, clear bool) (used bool) {
	used = len(status.NodeAllocatableResourceClaimStatuses) > 0
	if clear {
		status.NodeAllocatableResourceClaimStatuses = nil
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
