package podspec

import (
	"iter"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// containersOf iterates over all containers of a pod with their paths, in this
// order: init containers, containers, ephemeral containers. p is the path of
// the spec.
func containersOf(spec *corev1.PodSpec, p *field.Path) iter.Seq2[*field.Path, *corev1.Container] {
	return func(yield func(*field.Path, *corev1.Container) bool) {
		for i := range spec.InitContainers {
			if !yield(p.Child("initContainers").Index(i), &spec.InitContainers[i]) {
				return
			}
		}
		for i := range spec.Containers {
			if !yield(p.Child("containers").Index(i), &spec.Containers[i]) {
				return
			}
		}
		for i := range spec.EphemeralContainers {
			c := (*corev1.Container)(&spec.EphemeralContainers[i].EphemeralContainerCommon)
			if !yield(p.Child("ephemeralContainers").Index(i), c) {
				return
			}
		}
	}
}

// isSidecar reports whether an init container is restartable, which means that
// it continues to run together with the containers of the pod.
func isSidecar(c *corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

func (v *specValidator) validateContainers(p *field.Path) field.ErrorList {
	if len(v.spec.Containers) == 0 {
		return field.ErrorList{field.Required(p, "")}
	}
	var errs field.ErrorList
	names := sets.Set[string]{}
	for i := range v.spec.Containers {
		c, at := &v.spec.Containers[i], p.Index(i)
		errs = append(errs, v.validateCommon(c, at)...)
		if names.Has(c.Name) {
			errs = append(errs, field.Duplicate(at.Child("name"), c.Name))
		}
		names.Insert(c.Name)
		errs = append(errs, v.validateLifecycle(c.Lifecycle, at.Child("lifecycle"))...)
		errs = append(errs, v.validateProbes(c, at)...)
		errs = append(errs, v.validateRestartPolicy(c, at)...)
	}
	taken := hostPorts{}
	for i := range v.spec.Containers {
		errs = append(errs, taken.take(&v.spec.Containers[i], p.Index(i))...)
	}
	return errs
}

func (v *specValidator) validateInitContainers(p *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := sets.Set[string]{}
	for i := range v.spec.Containers {
		names.Insert(v.spec.Containers[i].Name)
	}
	for i := range v.spec.InitContainers {
		c, at := &v.spec.InitContainers[i], p.Index(i)
		errs = append(errs, v.validateCommon(c, at)...)
		errs = append(errs, v.validateRestartPolicy(c, at)...)
		if names.Has(c.Name) {
			errs = append(errs, field.Duplicate(at.Child("name"), c.Name))
		} else if c.Name != "" {
			names.Insert(c.Name)
		}
		// Init containers run one after the other. Therefore the host ports of
		// each of them only have to be unique within the container.
		errs = append(errs, hostPorts{}.take(c, at)...)
		if isSidecar(c) {
			errs = append(errs, v.validateLifecycle(c.Lifecycle, at.Child("lifecycle"))...)
			errs = append(errs, v.validateProbes(c, at)...)
			continue
		}
		errs = append(errs, forbid(at, "may not be set for init containers without restartPolicy=Always", []use{
			{"lifecycle", c.Lifecycle != nil},
			{"livenessProbe", c.LivenessProbe != nil},
			{"readinessProbe", c.ReadinessProbe != nil},
			{"startupProbe", c.StartupProbe != nil},
		})...)
	}
	return errs
}

// validateCommon checks the fields that containers, init containers and
// ephemeral containers have in common.
func (v *specValidator) validateCommon(c *corev1.Container, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.Name == "" {
		errs = append(errs, field.Required(p.Child("name"), ""))
	} else {
		errs = append(errs, validation.ValidateDNS1123Label(c.Name, p.Child("name"))...)
	}
	switch {
	case c.Image == "":
		errs = append(errs, field.Required(p.Child("image"), ""))
	case strings.TrimSpace(c.Image) != c.Image:
		errs = append(errs, field.Invalid(p.Child("image"), c.Image, "must not have leading or trailing whitespace"))
	}
	errs = append(errs, metavalidation.ValidateRequiredOneOf(c.TerminationMessagePolicy, p.Child("terminationMessagePolicy"),
		corev1.TerminationMessageReadFile, corev1.TerminationMessageFallbackToLogsOnError)...)
	errs = append(errs, validatePorts(c.Ports, p.Child("ports"))...)
	errs = append(errs, validateEnv(c.Env, p.Child("env"))...)
	errs = append(errs, validateEnvFrom(c.EnvFrom, p.Child("envFrom"))...)
	errs = append(errs, v.validateMounts(c, p)...)
	errs = append(errs, metavalidation.ValidateRequiredOneOf(c.ImagePullPolicy, p.Child("imagePullPolicy"),
		corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever)...)
	errs = append(errs, v.validateResources(&c.Resources, p.Child("resources"))...)
	errs = append(errs, v.validateResizePolicy(c, p.Child("resizePolicy"))...)
	return append(errs, v.validateSecurityContext(c.SecurityContext, p.Child("securityContext"))...)
}

func (v *specValidator) validateMounts(c *corev1.Container, p *field.Path) field.ErrorList {
	errs := volume.ValidateVolumeMounts(c.VolumeMounts, volume.DevicePaths(c.VolumeDevices), v.volumes, c, p.Child("volumeMounts"))
	return append(errs, volume.ValidateVolumeDevices(c.VolumeDevices, volume.MountPaths(c.VolumeMounts), v.volumes, p.Child("volumeDevices"))...)
}
