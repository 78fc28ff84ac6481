package pod

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/warning"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// prepareForCreate sets the phase of a new pod to pending, and sets fields that
// depend on its metadata.
func prepareForCreate(ctx context.Context, pod *corev1.Pod) {
	pod.Status = corev1.PodStatus{Phase: corev1.PodPending, QOSClass: podspec.QOSClass(pod)}
	podspec.DropDisabledFields(&pod.Spec, nil)
	if s := pod.Spec.TerminationGracePeriodSeconds; s != nil && *s < 0 {
		*s = 1 // stops the pod as soon as possible; with 0 it would be deleted before its containers have stopped
	}
	applyAppArmor(ctx, pod)
	mergeLabelKeys(pod)
	if len(pod.Spec.SchedulingGates) > 0 {
		pod.Status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonSchedulingGated,
			LastTransitionTime: metav1.Now(),
			Message:            "Scheduling is blocked due to non-empty scheduling gates",
		}}
	}
}

func prepareForUpdate(_ context.Context, pod, old *corev1.Pod) {
	podspec.DropDisabledFields(&pod.Spec, &old.Spec)
}

// prepareStatus keeps the QOS class if the update does not contain it.
func prepareStatus(_ context.Context, pod, old *corev1.Pod) {
	if pod.Status.QOSClass == "" {
		pod.Status.QOSClass = old.Status.QOSClass
	}
	podspec.DropDisabledStatusFields(&pod.Status, &old.Status)
}

// keepOwners keeps the metadata that an update of the status must not change.
// Owner references are kept because old versions of the kubelet send them
// incompletely, so that the garbage collector would delete the pod.
func keepOwners(pod, old metav1.Object) {
	pod.SetDeletionTimestamp(nil)
	pod.SetOwnerReferences(old.GetOwnerReferences())
}

// prepareEphemeralContainers allows only the ephemeral containers to change.
func prepareEphemeralContainers(_ context.Context, pod, old *corev1.Pod) {
	containers := pod.Spec.EphemeralContainers
	keepPod(pod, old)
	pod.Spec.EphemeralContainers = containers
	podspec.DropDisabledFields(&pod.Spec, &old.Spec)
}

// prepareResize allows only the resources and the resize policies of containers
// to change.
func prepareResize(_ context.Context, pod, old *corev1.Pod) {
	resized := pod.Spec
	keepPod(pod, old)
	keepResized(pod.Spec.Containers, resized.Containers)
	keepResized(pod.Spec.InitContainers, resized.InitContainers)
	pod.Spec.Resources = resized.Resources
}

func keepResized(containers, resized []corev1.Container) {
	if len(containers) != len(resized) {
		return
	}
	for i := range containers {
		if containers[i].Name == resized[i].Name {
			containers[i].Resources = resized[i].Resources
			containers[i].ResizePolicy = resized[i].ResizePolicy
		}
	}
}

// keepPod replaces the pod by the old one, except for managedFields and the
// resource version.
func keepPod(pod, old *corev1.Pod) {
	managed, version := pod.ManagedFields, pod.ResourceVersion
	*pod = *old.DeepCopy()
	pod.ManagedFields, pod.ResourceVersion = managed, version
}

// applyAppArmor copies AppArmor profiles from the annotations, which were used
// before the field existed, to the containers whose field is not set.
func applyAppArmor(ctx context.Context, pod *corev1.Pod) {
	if pod.Spec.OS != nil && pod.Spec.OS.Name == corev1.Windows {
		return
	}
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range containers {
			c := &containers[i]
			if !podspec.LacksAppArmorField(pod.Annotations, c) {
				continue
			}
			warning.AddWarning(ctx, "", podspec.AppArmorDeprecated(field.NewPath("metadata", "annotations"), c.Name))
			profile := podspec.AppArmorProfile(pod.Annotations, c.Name)
			if profile == nil {
				continue
			}
			if c.SecurityContext == nil {
				c.SecurityContext = &corev1.SecurityContext{}
			}
			c.SecurityContext.AppArmorProfile = profile
		}
	}
}

// mergeLabelKeys adds the pod's own values of matchLabelKeys and
// mismatchLabelKeys to the label selectors of affinity terms and topology
// spread constraints.
func mergeLabelKeys(pod *corev1.Pod) {
	if features.Enabled(features.MatchLabelKeysInPodTopologySpreadSelectorMerge) {
		for i := range pod.Spec.TopologySpreadConstraints {
			c := &pod.Spec.TopologySpreadConstraints[i]
			requireLabels(c.LabelSelector, pod.Labels, c.MatchLabelKeys, metav1.LabelSelectorOpIn)
		}
	}
	a := pod.Spec.Affinity
	if a == nil {
		return
	}
	var required [][]corev1.PodAffinityTerm
	var preferred [][]corev1.WeightedPodAffinityTerm
	if a.PodAffinity != nil {
		required = append(required, a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
		preferred = append(preferred, a.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	if a.PodAntiAffinity != nil {
		required = append(required, a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
		preferred = append(preferred, a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	for _, terms := range required {
		for i := range terms {
			mergeTermKeys(&terms[i], pod.Labels)
		}
	}
	for _, terms := range preferred {
		for i := range terms {
			mergeTermKeys(&terms[i].PodAffinityTerm, pod.Labels)
		}
	}
}

func mergeTermKeys(t *corev1.PodAffinityTerm, labels map[string]string) {
	requireLabels(t.LabelSelector, labels, t.MatchLabelKeys, metav1.LabelSelectorOpIn)
	requireLabels(t.LabelSelector, labels, t.MismatchLabelKeys, metav1.LabelSelectorOpNotIn)
}

func requireLabels(selector *metav1.LabelSelector, labels map[string]string, keys []string, op metav1.LabelSelectorOperator) {
	if selector == nil {
		return
	}
	for _, key := range keys {
		if value, ok := labels[key]; ok {
			selector.MatchExpressions = append(selector.MatchExpressions,
				metav1.LabelSelectorRequirement{Key: key, Operator: op, Values: []string{value}})
		}
	}
}
