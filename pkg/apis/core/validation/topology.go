package validation

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// topology is a term of a topology selector: the values of its labels.
type topology map[string]sets.Set[string]

// ValidateTopologySelectorTerms checks the terms of a topology selector, no two
// of which may say the same.
func ValidateTopologySelectorTerms(terms []corev1.TopologySelectorTerm, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	// As kube-apiserver does, this compares with as many empty terms as there are
	// terms: a term without expressions is always one too many.
	seen := make([]topology, len(terms))
	for i, term := range terms {
		at := p.Index(i).Child("matchLabelExpressions")
		labels, found := validateTopologySelectorTerm(term, at)
		errs = append(errs, found...)
		for _, other := range seen {
			if maps.EqualFunc(labels, other, sets.Set[string].Equal) {
				errs = append(errs, field.Duplicate(at, ""))
			}
		}
		seen = append(seen, labels)
	}
	return errs
}

func validateTopologySelectorTerm(term corev1.TopologySelectorTerm, p *field.Path) (topology, field.ErrorList) {
	var errs field.ErrorList
	labels := topology{}
	for i, r := range term.MatchLabelExpressions {
		at := p.Index(i)
		values := sets.Set[string]{}
		if len(r.Values) == 0 {
			errs = append(errs, field.Required(at.Child("values"), ""))
		}
		for j, value := range r.Values {
			if values.Has(value) {
				errs = append(errs, field.Duplicate(at.Child("values").Index(j), value))
			}
			values.Insert(value)
		}
		errs = append(errs, metav1validation.ValidateLabelName(r.Key, at.Child("key"))...)
		if _, twice := labels[r.Key]; twice {
			errs = append(errs, field.Duplicate(at.Child("key"), r.Key))
		}
		labels[r.Key] = values
	}
	return labels, errs
}
