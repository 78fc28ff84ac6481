package resourcepoolstatusrequest

import (
	"context"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

func prepareForCreate(_ context.Context, r object) { features.Drop(&r.Spec, nil, gated) }

func prepareForUpdate(_ context.Context, r, old object) { features.Drop(&r.Spec, &old.Spec, gated) }

// validateStatus checks the status, which is written once.
func validateStatus(_ context.Context, r, old object) field.ErrorList {
	p := field.NewPath("status")
	if old.Status != nil && !apiequality.Semantic.DeepEqual(r.Status, old.Status) {
		return field.ErrorList{field.Invalid(p, goform.Of(r.Status), "field is immutable")}
	}
	if r.Status == nil {
		return nil
	}
	return metav1validation.ValidateConditions(r.Status.Conditions, p.Child("conditions"))
}
