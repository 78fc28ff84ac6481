package pod

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation/volume"
)

// Features are the feature gates that the spec of a pod depends on. The zero
// value is the default: all of them are off.
type Features struct {
	Volumes                volume.Features
	ContainerStopSignals   bool
	EvictionRequestAPI     bool
	GenericWorkload        bool
	GRPCContainerProbeTLS  bool
	H2CContainerProbe      bool
	VolumeBindMountOptions bool
}

// DropDisabledFields clears what needs a feature that is off, unless the old
// spec, if there is one, has it already.
func DropDisabledFields(spec, old *corev1.PodSpec, on Features) {
	for _, gate := range []struct {
		on    bool
		field func(spec *corev1.PodSpec, clear bool) (used bool)
	}{
		{on.ContainerStopSignals, stopSignals},
		{on.EvictionRequestAPI, evictionResponders},
		{on.GenericWorkload, schedulingGroup},
		{on.GRPCContainerProbeTLS, grpcModes},
		{on.H2CContainerProbe, httpProtocols},
		{on.VolumeBindMountOptions, bindMountOptions},
	} {
		if !gate.on && (old == nil || !gate.field(old, false)) {
			gate.field(spec, true)
		}
	}
	var volumes []corev1.Volume
	if old != nil {
		volumes = old.Volumes
	}
	volume.DropDisabledFields(spec.Volumes, volumes, on.Volumes)
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
