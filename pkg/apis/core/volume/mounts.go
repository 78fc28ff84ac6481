package volume

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// MountPaths returns the mount paths of the volumes by volume name.
func MountPaths(mounts []corev1.VolumeMount) map[string]string {
	paths := make(map[string]string, len(mounts))
	for _, m := range mounts {
		paths[m.Name] = m.MountPath
	}
	return paths
}

// DevicePaths returns the device paths of the volumes by volume name.
func DevicePaths(devices []corev1.VolumeDevice) map[string]string {
	paths := make(map[string]string, len(devices))
	for _, d := range devices {
		paths[d.Name] = d.DevicePath
	}
	return paths
}

// ValidateVolumeMounts checks the mounts of a container. devices are the
// devices of the container (see DevicePaths), and volumes the valid volumes of
// the pod (see ValidateVolumes). Bidirectional mount propagation requires a
// privileged container.
func ValidateVolumeMounts(mounts []corev1.VolumeMount, devices map[string]string, volumes map[string]corev1.VolumeSource, container *corev1.Container,
	p *field.Path) field.ErrorList {
	var errs field.ErrorList
	taken := valuesOf(devices)
	mounted := sets.Set[string]{}
	for i := range mounts {
		m, at := &mounts[i], p.Index(i)
		errs = append(errs, required(m.Name, at.Child("name"))...)
		if _, ok := volumes[m.Name]; !ok {
			errs = append(errs, field.NotFound(at.Child("name"), m.Name))
		}
		errs = append(errs, required(m.MountPath, at.Child("mountPath"))...)
		if mounted.Has(m.MountPath) {
			errs = append(errs, field.Invalid(at.Child("mountPath"), m.MountPath, "must be unique"))
		}
		mounted.Insert(m.MountPath)
		if _, ok := devices[m.Name]; ok {
			errs = append(errs, field.Invalid(at.Child("name"), m.Name, "must not already exist in volumeDevices"))
		}
		if taken.Has(m.MountPath) {
			errs = append(errs, field.Invalid(at.Child("mountPath"), m.MountPath, "must not already exist as a path in volumeDevices"))
		}
		errs = append(errs, validateSubPaths(m, at, p)...)
		errs = append(errs, validatePropagation(m.MountPropagation, container, p.Child("mountPropagation"))...)
		errs = append(errs, validateRecursiveReadOnly(m, p.Child("recursiveReadOnly"))...)
	}
	return errs
}

// validateSubPaths checks subPath and subPathExpr. Like those of
// kube-apiserver, errors about the values of these fields have the path of the
// list and not that of the item.
func validateSubPaths(m *corev1.VolumeMount, item, list *field.Path) field.ErrorList {
	var errs field.ErrorList
	if m.SubPath != "" {
		errs = append(errs, ValidateLocalDescendingPath(m.SubPath, list.Child("subPath"))...)
	}
	if m.SubPathExpr == "" {
		return errs
	}
	if m.SubPath != "" {
		errs = append(errs, field.Invalid(item.Child("subPathExpr"), m.SubPathExpr, "subPathExpr and subPath are mutually exclusive"))
	}
	return append(errs, ValidateLocalDescendingPath(m.SubPathExpr, list.Child("subPathExpr"))...)
}

func validatePropagation(mode *corev1.MountPropagationMode, container *corev1.Container, p *field.Path) field.ErrorList {
	if mode == nil {
		return nil
	}
	errs := metavalidation.ValidateOneOf(*mode, p, corev1.MountPropagationBidirectional, corev1.MountPropagationHostToContainer, corev1.MountPropagationNone)
	if container == nil || *mode != corev1.MountPropagationBidirectional {
		return errs
	}
	if c := container.SecurityContext; c == nil || c.Privileged == nil || !*c.Privileged {
		errs = append(errs, field.Forbidden(p, "Bidirectional mount propagation is available only to privileged containers"))
	}
	return errs
}

func validateRecursiveReadOnly(m *corev1.VolumeMount, p *field.Path) field.ErrorList {
	if m.RecursiveReadOnly == nil {
		return nil
	}
	var errs field.ErrorList
	switch mode := *m.RecursiveReadOnly; mode {
	case corev1.RecursiveReadOnlyDisabled:
	case corev1.RecursiveReadOnlyEnabled, corev1.RecursiveReadOnlyIfPossible:
		if !m.ReadOnly {
			errs = append(errs, field.Forbidden(p, "may only be specified when readOnly is true"))
		}
		if m.MountPropagation != nil && *m.MountPropagation != corev1.MountPropagationNone {
			errs = append(errs, field.Forbidden(p, "may only be specified when mountPropagation is None or not specified"))
		}
	default:
		errs = append(errs,
			metavalidation.ValidateOneOf(mode, p, corev1.RecursiveReadOnlyDisabled, corev1.RecursiveReadOnlyEnabled, corev1.RecursiveReadOnlyIfPossible)...)
	}
	return errs
}

// ValidateVolumeDevices checks the block devices of a container. mounts are the
// mounts of the container (see MountPaths), and volumes the valid volumes of
// the pod (see ValidateVolumes).
func ValidateVolumeDevices(devices []corev1.VolumeDevice, mounts map[string]string, volumes map[string]corev1.VolumeSource, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	taken := valuesOf(mounts)
	names, paths := sets.Set[string]{}, sets.Set[string]{}
	for i, d := range devices {
		name, path := p.Index(i).Child("name"), p.Index(i).Child("devicePath")
		errs = append(errs, required(d.Name, name)...)
		if names.Has(d.Name) {
			errs = append(errs, field.Invalid(name, d.Name, "must be unique"))
		}
		switch source, ok := volumes[d.Name]; {
		case !ok:
			errs = append(errs, field.NotFound(name, d.Name))
		case source.PersistentVolumeClaim == nil && source.Ephemeral == nil:
			errs = append(errs, field.Invalid(name, d.Name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"))
		}
		errs = append(errs, required(d.DevicePath, path)...)
		if paths.Has(d.DevicePath) {
			errs = append(errs, field.Invalid(path, d.DevicePath, "must be unique"))
		}
		if d.DevicePath != "" {
			errs = append(errs, validateNoBacksteps(d.DevicePath, path)...)
			paths.Insert(d.DevicePath)
		}
		if _, ok := mounts[d.Name]; ok {
			errs = append(errs, field.Invalid(name, d.Name, "must not already exist in volumeMounts"))
		}
		if taken.Has(d.DevicePath) {
			errs = append(errs, field.Invalid(path, d.DevicePath, "must not already exist as a path in volumeMounts"))
		}
		if d.Name != "" {
			names.Insert(d.Name)
		}
	}
	return errs
}

// valuesOf returns the paths of mounts or devices.
func valuesOf(paths map[string]string) sets.Set[string] {
	all := make(sets.Set[string], len(paths))
	for _, path := range paths {
		all.Insert(path)
	}
	return all
}
