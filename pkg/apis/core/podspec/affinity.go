package podspec

import (
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

const (
	requiredTerms  = "requiredDuringSchedulingIgnoredDuringExecution"
	preferredTerms = "preferredDuringSchedulingIgnoredDuringExecution"
)

func (v *specValidator) validateAffinity(p *field.Path) field.ErrorList {
	a := v.spec.Affinity
	if a == nil {
		return nil
	}
	var errs field.ErrorList
	if n := a.NodeAffinity; n != nil {
		errs = append(errs, v.validateNodeAffinity(n, p.Child("nodeAffinity"))...)
	}
	if pods := a.PodAffinity; pods != nil {
		errs = append(errs, v.validatePodTerms(pods.RequiredDuringSchedulingIgnoredDuringExecution,
			pods.PreferredDuringSchedulingIgnoredDuringExecution, p.Child("podAffinity"))...)
	}
	if pods := a.PodAntiAffinity; pods != nil {
		errs = append(errs, v.validatePodTerms(pods.RequiredDuringSchedulingIgnoredDuringExecution,
			pods.PreferredDuringSchedulingIgnoredDuringExecution, p.Child("podAntiAffinity"))...)
	}
	return errs
}

func (v *specValidator) validateNodeAffinity(n *corev1.NodeAffinity, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if required := n.RequiredDuringSchedulingIgnoredDuringExecution; required != nil {
		errs = append(errs, validation.ValidateNodeSelector(required, v.opts.kept.nodeAffinity, p.Child(requiredTerms))...)
	}
	for i, term := range n.PreferredDuringSchedulingIgnoredDuringExecution {
		at := p.Child(preferredTerms).Index(i)
		errs = append(errs, validateWeight(term.Weight, at)...)
		errs = append(errs, validation.ValidateNodeSelectorTerm(term.Preference, true, at.Child("preference"))...)
	}
	return errs
}

func validateWeight(weight int32, p *field.Path) field.ErrorList {
	if weight < 1 || weight > 100 {
		return field.ErrorList{field.Invalid(p.Child("weight"), weight, "must be in the range 1-100")}
	}
	return nil
}

func (v *specValidator) validatePodTerms(required []corev1.PodAffinityTerm, preferred []corev1.WeightedPodAffinityTerm, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range required {
		errs = append(errs, v.validatePodTerm(&required[i], p.Child(requiredTerms).Index(i))...)
	}
	for i := range preferred {
		at := p.Child(preferredTerms).Index(i)
		errs = append(errs, validateWeight(preferred[i].Weight, at)...)
		errs = append(errs, v.validatePodTerm(&preferred[i].PodAffinityTerm, at.Child("podAffinityTerm"))...)
	}
	return errs
}

func (v *specValidator) validatePodTerm(t *corev1.PodAffinityTerm, p *field.Path) field.ErrorList {
	strict := metav1validation.LabelSelectorValidationOptions{}
	errs := metav1validation.ValidateLabelSelector(t.LabelSelector, strict, p.Child("labelSelector"))
	errs = append(errs, metav1validation.ValidateLabelSelector(t.NamespaceSelector, strict, p.Child("namespaceSelector"))...)
	for _, name := range t.Namespaces {
		errs = append(errs, invalid(p.Child("namespace"), name, apivalidation.ValidateNamespaceName(name, false))...)
	}
	errs = append(errs, v.validateTermLabelKeys(t, p)...)
	if t.TopologyKey == "" {
		errs = append(errs, field.Required(p.Child("topologyKey"), "can not be empty"))
	}
	return append(errs, metav1validation.ValidateLabelName(t.TopologyKey, p.Child("topologyKey"))...)
}

// validateTermLabelKeys checks matchLabelKeys and mismatchLabelKeys: the keys
// of labels for which other pods must have the same value as this pod, or a
// different one.
func (v *specValidator) validateTermLabelKeys(t *corev1.PodAffinityTerm, p *field.Path) field.ErrorList {
	errs := v.validateLabelKeys("matchLabelKeys", t.MatchLabelKeys, t.LabelSelector, p)
	errs = append(errs, v.validateLabelKeys("mismatchLabelKeys", t.MismatchLabelKeys, t.LabelSelector, p)...)
	match := sets.New(t.MatchLabelKeys...)
	for i, key := range t.MismatchLabelKeys {
		if match.Has(key) {
			errs = append(errs, field.Invalid(p.Child("matchLabelKeys").Index(i), key, "exists in both matchLabelKeys and mismatchLabelKeys"))
		}
	}
	return errs
}

// validateLabelKeys checks label keys that are specified in addition to a label
// selector.
func (v *specValidator) validateLabelKeys(name string, keys []string, selector *metav1.LabelSelector, p *field.Path) field.ErrorList {
	if len(keys) == 0 {
		return nil
	}
	at := p.Child(name)
	if selector == nil {
		return field.ErrorList{field.Forbidden(at, "must not be specified when labelSelector is not set")}
	}
	var errs field.ErrorList
	for i, key := range keys {
		errs = append(errs, metav1validation.ValidateLabelName(key, at.Index(i))...)
		if v.selects(selector, key) {
			errs = append(errs, field.Invalid(at.Index(i), key, "exists in both "+name+" and labelSelector"))
		}
	}
	return errs
}

// selects reports whether the selector contains a requirement on the key that
// the client has set. When a pod is created, the server merges one requirement
// for each key of matchLabelKeys into the selector, which therefore does not
// count.
func (v *specValidator) selects(selector *metav1.LabelSelector, key string) bool {
	if _, ok := selector.MatchLabels[key]; ok {
		return true
	}
	n := 0
	for _, r := range selector.MatchExpressions {
		if r.Key == key {
			n++
		}
	}
	if v.meta != nil {
		if _, merged := v.meta.Labels[key]; merged {
			n--
		}
	}
	return n > 0
}
