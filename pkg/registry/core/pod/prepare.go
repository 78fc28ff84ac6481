package pod

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	validation "github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation/pod"
)

// PrepareForCreate makes a new pod pending, and completes the spec by what
// depends on its metadata.
func PrepareForCreate(pod *corev1.Pod) {
	pod.Generation = 1
	pod.Status = corev1.PodStatus{Phase: corev1.PodPending, QOSClass: validation.QOSClass(pod)}
	validation.DropDisabledFields(&pod.Spec, nil, validation.Features{})
	if s := pod.Spec.TerminationGracePeriodSeconds; s != nil && *s < 0 {
		*s = 1 // as soon as possible, but not at once: 0 would delete the pod before it has stopped
	}
	applyAppArmor(pod)
	mergeLabelKeys(pod)
	if gated(pod) {
		pod.Status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonSchedulingGated,
			LastTransitionTime: metav1.Now(),
			Message:            "Scheduling is blocked due to non-empty scheduling gates",
		}}
	}
}

func gated(pod *corev1.Pod) bool { return len(pod.Spec.SchedulingGates) > 0 }

// applyAppArmor copies the AppArmor profiles from the annotations, where they
// stood before there was a field, to the containers without one.
func applyAppArmor(pod *corev1.Pod) {
	if pod.Spec.OS != nil && pod.Spec.OS.Name == corev1.Windows {
		return
	}
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range containers {
			profile := validation.AppArmorProfile(pod.Annotations, containers[i].Name)
			if profile == nil {
				continue
			}
			sc := &containers[i].SecurityContext
			if *sc == nil {
				*sc = &corev1.SecurityContext{}
			}
			if (*sc).AppArmorProfile == nil {
				(*sc).AppArmorProfile = profile
			}
		}
	}
}

// mergeLabelKeys writes the pod's own values of the label keys, by which it
// wants to be with its like or apart from them, into the selectors.
func mergeLabelKeys(pod *corev1.Pod) {
	for i := range pod.Spec.TopologySpreadConstraints {
		c := &pod.Spec.TopologySpreadConstraints[i]
		requireLabels(c.LabelSelector, pod.Labels, c.MatchLabelKeys, metav1.LabelSelectorOpIn)
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
