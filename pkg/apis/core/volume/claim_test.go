package volume

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestClaims(t *testing.T) {
	valid := func() *corev1.PersistentVolumeClaimSpec {
		return &corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
			VolumeMode:  ptr.To(corev1.PersistentVolumeFilesystem),
		}
	}
	for name, c := range map[string]struct {
		change func(*corev1.PersistentVolumeClaimSpec)
		want   []string
	}{
		"valid":    {func(*corev1.PersistentVolumeClaimSpec) {}, nil},
		"no class": {func(s *corev1.PersistentVolumeClaimSpec) { s.StorageClassName = ptr.To("") }, nil},
		"nothing": {func(s *corev1.PersistentVolumeClaimSpec) { *s = corev1.PersistentVolumeClaimSpec{} }, []string{
			"v.accessModes: Required value: at least 1 access mode is required", "v.resources[storage]: Required value"}},
		"unknown mode": {func(s *corev1.PersistentVolumeClaimSpec) {
			s.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod, "x"}
		}, []string{`v.accessModes: Unsupported value: "x": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"`}},
		"modes": {func(s *corev1.PersistentVolumeClaimSpec) {
			s.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod, corev1.ReadWriteOnce}
		}, []string{
			"v.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"}},
		"size": {func(s *corev1.PersistentVolumeClaimSpec) {
			s.Resources.Requests[corev1.ResourceStorage] = resource.MustParse("0")
		}, []string{`v.resources[storage]: Invalid value: "0": must be greater than zero`}},
		"classes": {func(s *corev1.PersistentVolumeClaimSpec) {
			s.StorageClassName, s.VolumeAttributesClassName = ptr.To("A"), ptr.To("B")
		}, []string{`v.storageClassName: Invalid value: "A"`, `v.volumeAttributesClassName: Invalid value: "B"`}},
		"volume mode": {func(s *corev1.PersistentVolumeClaimSpec) { s.VolumeMode = ptr.To(corev1.PersistentVolumeMode("x")) }, []string{
			`v.volumeMode: Unsupported value: "x": supported values: "Block", "Filesystem"`}},
		"selector": {func(s *corev1.PersistentVolumeClaimSpec) {
			s.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b c"}}
		}, []string{`v.selector.matchLabels: Invalid value: "b c"`}},
		"source": {func(s *corev1.PersistentVolumeClaimSpec) {
			s.DataSource = &corev1.TypedLocalObjectReference{APIGroup: ptr.To("A"), Kind: "VolumeSnapshot"}
		}, []string{"v.dataSource.name: Required value", `v.dataSource.apiGroup: Invalid value: "A"`}},
		"core source": {func(s *corev1.PersistentVolumeClaimSpec) {
			s.DataSourceRef = &corev1.TypedObjectReference{Kind: "Pod", Name: "p"}
		}, []string{`v.dataSourceRef: Invalid value: "Pod": must be 'PersistentVolumeClaim' when referencing the default apiGroup`}},
		"two sources": {func(s *corev1.PersistentVolumeClaimSpec) {
			s.DataSource = &corev1.TypedLocalObjectReference{Kind: "PersistentVolumeClaim", Name: "a"}
			s.DataSourceRef = &corev1.TypedObjectReference{Kind: "PersistentVolumeClaim", Name: "b"}
		}, []string{"v: Invalid value: {}: must match dataSourceRef"}},
		"other namespace": {func(s *corev1.PersistentVolumeClaimSpec) {
			s.DataSource = &corev1.TypedLocalObjectReference{Kind: "PersistentVolumeClaim", Name: "a"}
			s.DataSourceRef = &corev1.TypedObjectReference{Kind: "PersistentVolumeClaim", Name: "a", Namespace: ptr.To("N")}
		}, []string{`v.dataSourceRef.namespace: Invalid value: "N"`, "v: Invalid value: {}: may not be specified when dataSourceRef.namespace is specified"}},
	} {
		t.Run(name, func(t *testing.T) {
			spec := valid()
			c.change(spec)
			expect(t, ValidatePersistentVolumeClaimSpec(spec, ClaimOptions{}, root), c.want...)
		})
	}
	old := valid()
	old.Selector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "In", Values: []string{"b c"}}}}
	old.DataSource = &corev1.TypedLocalObjectReference{APIGroup: ptr.To("A"), Kind: "VolumeSnapshot", Name: "s"}
	if want := (ClaimOptions{AllowInvalidLabelValueInSelector: true, AllowInvalidAPIGroupInDataSource: true}); ClaimOptionsFor(old) != want {
		t.Errorf("options: %+v", ClaimOptionsFor(old))
	}
}
