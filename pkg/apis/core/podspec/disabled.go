package podspec

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// gatedFields are the fields of a pod spec that need a feature gate, except
// those of its volumes.
var gatedFields = []features.Gated[corev1.PodSpec]{
	{Gate: features.ContainerRestartRules, Field: restartRules},
	{Gate: features.ContainerStopSignals, Field: stopSignals},
	{Gate: features.EnvFiles, Field: envFiles},
	{Gate: features.EvictionRequestAPI, Field: features.Slice(func(s *corev1.PodSpec) *[]corev1.EvictionResponder { return &s.EvictionResponders })},
	{Gate: features.GenericWorkload, Field: features.Pointer(func(s *corev1.PodSpec) **corev1.PodSchedulingGroup { return &s.SchedulingGroup })},
	{Gate: features.GRPCContainerProbeTLS, Field: grpcModes},
	{Gate: features.H2CContainerProbe, Field: httpProtocols},
	{Gate: features.HostnameOverride, Field: features.Pointer(func(s *corev1.PodSpec) **string { return &s.HostnameOverride })},
	{Gate: features.MatchLabelKeysInPodTopologySpread, Field: spreadKeys},
	{Gate: features.PodLevelResources, Field: features.Pointer(func(s *corev1.PodSpec) **corev1.ResourceRequirements { return &s.Resources })},
	{Gate: features.VolumeBindMountOptions, Field: bindMountOptions},
}

// DropDisabledFields clears the fields of a pod spec whose feature gate is
// disabled, unless the old spec, which is nil for a new object, uses them
// already. Every resource that contains a pod spec calls it before the
// validation.
func DropDisabledFields(spec, old *corev1.PodSpec) {
	features.Drop(spec, old, gatedFields)
	if old == nil {
		old = &corev1.PodSpec{}
	}
	volume.DropDisabledFields(spec.Volumes, old.Volumes)
}

// restartRules handles the restart rules of containers, and the restart policy
// of those containers that are not init containers. The feature gate of the
// rules has introduced that policy, too.
func restartRules(spec *corev1.PodSpec, clear bool) (used bool) {
	for _, c := range containersOf(spec, nil) {
		used = used || len(c.RestartPolicyRules) > 0
		if clear {
			c.RestartPolicyRules = nil
		}
	}
	for i := range spec.Containers {
		used = used || spec.Containers[i].RestartPolicy != nil
		if clear {
			spec.Containers[i].RestartPolicy = nil
		}
	}
	return used
}

func envFiles(spec *corev1.PodSpec, clear bool) (used bool) {
	for _, c := range containersOf(spec, nil) {
		for i := range c.Env {
			from := c.Env[i].ValueFrom
			if from == nil || from.FileKeyRef == nil {
				continue
			}
			used = true
			if clear {
				from.FileKeyRef = nil
			}
		}
	}
	return used
}

func spreadKeys(spec *corev1.PodSpec, clear bool) (used bool) {
	for i := range spec.TopologySpreadConstraints {
		c := &spec.TopologySpreadConstraints[i]
		used = used || len(c.MatchLabelKeys) > 0
		if clear {
			c.MatchLabelKeys = nil
		}
	}
	return used
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

// httpGets returns the HTTP requests of the probes and lifecycle hooks of a
// container.
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
