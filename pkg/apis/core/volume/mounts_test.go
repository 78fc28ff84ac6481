package volume

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

func TestMounts(t *testing.T) {
	volumes := map[string]corev1.VolumeSource{
		"dir":   {EmptyDir: &corev1.EmptyDirVolumeSource{}},
		"block": {PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{}},
	}
	devices := []corev1.VolumeDevice{{Name: "block", DevicePath: "/dev/x"}}
	both := ptr.To(corev1.MountPropagationBidirectional)
	for name, c := range map[string]struct {
		mounts []corev1.VolumeMount
		want   []string
	}{
		"good":    {[]corev1.VolumeMount{{Name: "dir", MountPath: "/a"}, {Name: "dir", MountPath: "/b", SubPath: "s"}}, nil},
		"nothing": {[]corev1.VolumeMount{{}}, []string{"v[0].name: Required value", `v[0].name: Not found: ""`, "v[0].mountPath: Required value"}},
		"same path": {[]corev1.VolumeMount{{Name: "dir", MountPath: "/a"}, {Name: "dir", MountPath: "/a"}},
			[]string{`v[1].mountPath: Invalid value: "/a": must be unique`}},
		"device": {[]corev1.VolumeMount{{Name: "block", MountPath: "/dev/x"}}, []string{
			`v[0].name: Invalid value: "block": must not already exist in volumeDevices`,
			`v[0].mountPath: Invalid value: "/dev/x": must not already exist as a path in volumeDevices`}},
		"sub paths": {[]corev1.VolumeMount{{Name: "dir", MountPath: "/a", SubPath: "/s", SubPathExpr: "../e"}}, []string{
			`v.subPath: Invalid value: "/s": must be a relative path`,
			`v[0].subPathExpr: Invalid value: "../e": subPathExpr and subPath are mutually exclusive`,
			`v.subPathExpr: Invalid value: "../e": must not contain '..'`}},
		"propagation": {[]corev1.VolumeMount{{Name: "dir", MountPath: "/a", MountPropagation: ptr.To(corev1.MountPropagationMode("x"))}}, []string{
			`v.mountPropagation: Unsupported value: "x": supported values: "Bidirectional", "HostToContainer", "None"`}},
		"unprivileged": {[]corev1.VolumeMount{{Name: "dir", MountPath: "/a", MountPropagation: both}}, []string{
			"v.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers"}},
		"recursive": {[]corev1.VolumeMount{{Name: "dir", MountPath: "/a", RecursiveReadOnly: ptr.To(corev1.RecursiveReadOnlyEnabled),
			MountPropagation: ptr.To(corev1.MountPropagationHostToContainer)}}, []string{
			"v.recursiveReadOnly: Forbidden: may only be specified when readOnly is true",
			"v.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified"}},
		"recursive mode": {[]corev1.VolumeMount{{Name: "dir", MountPath: "/a", RecursiveReadOnly: ptr.To(corev1.RecursiveReadOnlyMode(""))}}, []string{
			`v.recursiveReadOnly: Unsupported value: "": supported values: "Disabled", "Enabled", "IfPossible"`}},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, ValidateVolumeMounts(c.mounts, DevicePaths(devices), volumes, &corev1.Container{}, root), c.want...)
		})
	}
	privileged := &corev1.Container{SecurityContext: &corev1.SecurityContext{Privileged: ptr.To(true)}}
	expect(t, ValidateVolumeMounts([]corev1.VolumeMount{{Name: "dir", MountPath: "/a", MountPropagation: both}}, nil, volumes, privileged, root))

	mounts := []corev1.VolumeMount{{Name: "dir", MountPath: "/a"}}
	expect(t, ValidateVolumeDevices(devices, MountPaths(mounts), volumes, root))
	expect(t, ValidateVolumeDevices([]corev1.VolumeDevice{
		{Name: "block", DevicePath: "/dev/x"}, {Name: "block", DevicePath: "/dev/x"},
		{Name: "dir", DevicePath: "/a"}, {Name: "gone", DevicePath: "/../y"},
	}, MountPaths(mounts), volumes, root),
		`v[1].name: Invalid value: "block": must be unique`, `v[1].devicePath: Invalid value: "/dev/x": must be unique`,
		`v[2].name: Invalid value: "dir": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode`,
		`v[2].name: Invalid value: "dir": must not already exist in volumeMounts`,
		`v[2].devicePath: Invalid value: "/a": must not already exist as a path in volumeMounts`,
		`v[3].name: Not found: "gone"`, `v[3].devicePath: Invalid value: "/../y": must not contain '..'`)
}
