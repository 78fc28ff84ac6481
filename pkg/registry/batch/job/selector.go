package job

import (
	"maps"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// The labels of pods before the prefix batch.kubernetes.io/ was introduced.
const (
	legacyControllerUID = "controller-uid"
	legacyJobName       = "job-name"
)

func selector(j object) *metav1.LabelSelector { return j.Spec.Selector }

// podLabels returns the labels that the pods of a job get with a generated
// selector.
func podLabels(j object) map[string]string {
	return map[string]string{
		legacyControllerUID: string(j.UID), legacyJobName: j.Name,
		batchv1.ControllerUidLabel: string(j.UID), batchv1.JobNameLabel: j.Name,
	}
}

// requiredLabels returns the labels that the pods of a changed job must have. Those
// with a prefix are required if the job had them before: it may be older than they
// are.
func requiredLabels(j, old object) map[string]string {
	labels, had := podLabels(j), old.Spec.Template.Labels
	_, uid := had[batchv1.ControllerUidLabel]
	_, name := had[batchv1.JobNameLabel]
	if !uid || !name {
		delete(labels, batchv1.ControllerUidLabel)
		delete(labels, batchv1.JobNameLabel)
	}
	return labels
}

// generateSelector makes a new job select its pods by the job's UID, unless the
// job has a selector of its own. What the client has set stays as it is: the
// validation refuses other values.
func generateSelector(j object) {
	if ptr.Deref(j.Spec.ManualSelector, false) {
		return
	}
	template := &j.Spec.Template
	if template.Labels == nil {
		template.Labels = map[string]string{}
	}
	for key, value := range podLabels(j) {
		if _, ok := template.Labels[key]; !ok {
			template.Labels[key] = value
		}
	}
	if j.Spec.Selector == nil {
		j.Spec.Selector = &metav1.LabelSelector{}
	}
	if j.Spec.Selector.MatchLabels == nil {
		j.Spec.Selector.MatchLabels = map[string]string{}
	}
	if _, ok := j.Spec.Selector.MatchLabels[batchv1.ControllerUidLabel]; !ok {
		j.Spec.Selector.MatchLabels[batchv1.ControllerUidLabel] = string(j.UID)
	}
}

// validateGeneratedSelector checks a selector that is not the client's own, and the
// labels that the template must have.
func validateGeneratedSelector(j object, want map[string]string) field.ErrorList {
	if ptr.Deref(j.Spec.ManualSelector, false) || j.Spec.Selector == nil {
		return nil
	}
	var errs field.ErrorList
	if j.UID == "" {
		errs = append(errs, field.Required(field.NewPath("metadata", "uid"), ""))
	}
	got, path := j.Spec.Template.Labels, specPath.Child("template", "metadata", "labels")
	for _, key := range slices.Sorted(maps.Keys(want)) {
		message := "must be '" + want[key] + "'"
		if value, ok := got[key]; !ok {
			errs = append(errs, field.Required(path.Key(key), message))
		} else if value != want[key] {
			errs = append(errs, field.Invalid(path.Key(key), got, message))
		}
	}
	generated := labels.Set{batchv1.ControllerUidLabel: string(j.UID), batchv1.JobNameLabel: j.Name}
	if s, err := metav1.LabelSelectorAsSelector(j.Spec.Selector); err == nil && !s.Matches(generated) {
		errs = append(errs, field.Invalid(specPath.Child("selector"), j.Spec.Selector, "`selector` not auto-generated"))
	}
	return errs
}
