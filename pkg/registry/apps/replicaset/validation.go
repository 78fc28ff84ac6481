package replicaset

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/apps/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
)

var specPath = field.NewPath("spec")

func validate(ctx context.Context, rs *appsv1.ReplicaSet) field.ErrorList {
	return validateSpec(&rs.Spec, podspec.OptionsFrom(ctx))
}

// validateUpdate refuses changes of the selector, because the pods would no
// longer belong to the replica set.
func validateUpdate(ctx context.Context, rs, old *appsv1.ReplicaSet) field.ErrorList {
	opts := podspec.OptionsFrom(ctx).ForUpdate(&old.Spec.Template.ObjectMeta, &old.Spec.Template.Spec)
	errs := validateSpec(&rs.Spec, opts)
	return append(errs, apivalidation.ValidateImmutableField(rs.Spec.Selector, old.Spec.Selector, specPath.Child("selector"))...)
}

func validateSpec(spec *appsv1.ReplicaSetSpec, opts podspec.Options) field.ErrorList {
	errs := validation.ValidateNumbers(specPath,
		validation.Count("replicas", ptr.Deref(spec.Replicas, 0)),
		validation.Count("minReadySeconds", spec.MinReadySeconds),
	)
	// Also for replica sets, kube-apiserver reports an empty selector as
	// "empty selector is invalid for deployment".
	return append(errs, validation.Workload{
		Kind: "deployment", Owner: "ReplicaSet", Selector: spec.Selector, Template: &spec.Template, Options: opts,
	}.Validate(specPath)...)
}

func validateStatusUpdate(_ context.Context, rs, _ *appsv1.ReplicaSet) field.ErrorList {
	return validation.ValidateReplicaSetStatus(&rs.Status, field.NewPath("status"))
}
