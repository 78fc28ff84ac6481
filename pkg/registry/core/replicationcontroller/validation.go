package replicationcontroller

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/apps/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
)

var specPath = field.NewPath("spec")

// validateName checks a name. The prefix of a generated name is not checked, only
// the name that is made of it.
func validateName(name string, prefix bool) []string {
	if prefix {
		return nil
	}
	return content.IsDNS1123Subdomain(name)
}

func validate(ctx context.Context, rc object) field.ErrorList {
	return validateSpec(&rc.Spec, podspec.OptionsFrom(ctx))
}

func validateUpdate(ctx context.Context, rc, old object) field.ErrorList {
	opts := podspec.OptionsFrom(ctx)
	if t := old.Spec.Template; t != nil {
		opts = opts.ForUpdate(&t.ObjectMeta, &t.Spec)
	}
	return validateSpec(&rc.Spec, opts)
}

func validateSpec(spec *corev1.ReplicationControllerSpec, opts podspec.Options) field.ErrorList {
	errs := validation.ValidateNumbers(specPath, validation.Count("minReadySeconds", spec.MinReadySeconds))
	if len(spec.Selector) == 0 {
		errs = append(errs, field.Required(specPath.Child("selector"), ""))
	}
	errs = append(errs, validation.ValidateNumbers(specPath, validation.Count("replicas", ptr.Deref(spec.Replicas, 0)))...)
	path := specPath.Child("template")
	if spec.Template == nil {
		return append(errs, field.Required(path, ""))
	}
	errs = append(errs, validation.ValidateSelected(labels.SelectorFromSet(spec.Selector), spec.Template, path)...)
	return append(errs, validation.Workload{Owner: "ReplicationController", Template: spec.Template, Options: opts}.ValidateTemplate(path)...)
}

// validateStatusUpdate applies the rules for replica sets.
func validateStatusUpdate(_ context.Context, rc, _ object) field.ErrorList {
	status := &rc.Status
	return validation.ValidateReplicaSetStatus(&appsv1.ReplicaSetStatus{
		Replicas: status.Replicas, FullyLabeledReplicas: status.FullyLabeledReplicas, ReadyReplicas: status.ReadyReplicas,
		AvailableReplicas: status.AvailableReplicas, ObservedGeneration: status.ObservedGeneration,
	}, field.NewPath("status"))
}
