package statefulset

import (
	"context"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/apps/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

var specPath = field.NewPath("spec")

func validate(ctx context.Context, s object) field.ErrorList {
	return validateSpec(&s.Spec, nil, podspec.OptionsFrom(ctx))
}

// validateSpec checks a spec. old is nil for a new object. The claims and the name
// of the service are not checked again on update, because they must not change.
func validateSpec(spec, old *appsv1.StatefulSetSpec, opts podspec.Options) field.ErrorList {
	var errs field.ErrorList
	switch path := specPath.Child("podManagementPolicy"); spec.PodManagementPolicy {
	case "":
		errs = append(errs, field.Required(path, ""))
	case appsv1.OrderedReadyPodManagement, appsv1.ParallelPodManagement:
	default:
		errs = append(errs, field.Invalid(path, spec.PodManagementPolicy, "must be 'OrderedReady' or 'Parallel'"))
	}
	recreate := features.Enabled(features.StatefulSetRecreateStrategy) || old != nil && old.UpdateStrategy.Type == appsv1.RecreateStatefulSetStrategyType
	errs = append(errs, validateStrategy(&spec.UpdateStrategy, recreate, specPath.Child("updateStrategy"))...)
	errs = append(errs, validateRetention(spec.PersistentVolumeClaimRetentionPolicy, specPath.Child("persistentVolumeClaimRetentionPolicy"))...)
	if old == nil {
		errs = append(errs, validateClaims(spec.VolumeClaimTemplates, specPath.Child("volumeClaimTemplates"))...)
	}
	errs = append(errs, validation.ValidateNumbers(specPath,
		validation.Count("replicas", ptr.Deref(spec.Replicas, 0)),
		validation.Count("minReadySeconds", spec.MinReadySeconds),
	)...)
	if spec.Ordinals != nil {
		errs = append(errs, validation.ValidateNumbers(specPath.Child("ordinals"), validation.Count("start", spec.Ordinals.Start))...)
	}
	if spec.ServiceName != "" && old == nil {
		for _, message := range utilvalidation.IsDNS1123Label(spec.ServiceName) {
			errs = append(errs, field.Invalid(specPath.Child("serviceName"), spec.ServiceName, message))
		}
	}
	return append(errs, validatePods(spec, opts)...)
}

// validatePods checks the selector and the template. The metadata of the template
// is checked twice: kube-apiserver reports mistakes in it twice.
func validatePods(spec *appsv1.StatefulSetSpec, opts podspec.Options) field.ErrorList {
	w := validation.Workload{Kind: "statefulset", Owner: "StatefulSet", Selector: spec.Selector, Template: podTemplate(spec), Options: opts}
	at, path := specPath.Child("selector"), specPath.Child("template")
	errs := w.ValidateSelector(at)
	if selector, err := metav1.LabelSelectorAsSelector(spec.Selector); err != nil {
		errs = append(errs, field.Invalid(at, spec.Selector, ""))
	} else {
		errs = append(errs, validation.ValidateSelected(selector, w.Template, path)...)
		errs = append(errs, podspec.ValidatePodTemplateMeta(w.Template, opts, path)...)
		errs = append(errs, podspec.ValidatePodTemplateSpec(w.Template, opts, path)...)
	}
	return append(errs, w.ValidateEndless(path)...)
}

// podTemplate returns the template as the controller uses it: with the volumes for
// the claims, which take the place of volumes of the same name, and without the
// names that every pod gets from the stateful set.
func podTemplate(spec *appsv1.StatefulSetSpec) *corev1.PodTemplateSpec {
	template := spec.Template
	template.Spec.Hostname, template.Spec.Subdomain = "", ""
	template.Spec.Volumes = nil
	named := func(volumes []corev1.Volume, name string) bool {
		return slices.ContainsFunc(volumes, func(v corev1.Volume) bool { return v.Name == name })
	}
	for i := range spec.VolumeClaimTemplates {
		name := spec.VolumeClaimTemplates[i].Name
		if !named(template.Spec.Volumes, name) {
			template.Spec.Volumes = append(template.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}}})
		}
	}
	claims := template.Spec.Volumes
	for _, v := range spec.Template.Spec.Volumes {
		if !named(claims, v.Name) {
			template.Spec.Volumes = append(template.Spec.Volumes, v)
		}
	}
	return &template
}

func validateStrategy(strategy *appsv1.StatefulSetUpdateStrategy, recreate bool, path *field.Path) field.ErrorList {
	rolling := path.Child("rollingUpdate")
	switch strategy.Type {
	case "":
		return field.ErrorList{field.Required(path, "")}
	case appsv1.RollingUpdateStatefulSetStrategyType:
		return validateRollingUpdate(strategy.RollingUpdate, rolling)
	case appsv1.OnDeleteStatefulSetStrategyType, appsv1.RecreateStatefulSetStrategyType:
		if strategy.Type == appsv1.RecreateStatefulSetStrategyType && !recreate {
			break
		}
		if strategy.RollingUpdate != nil {
			return field.ErrorList{field.Invalid(rolling, goform.Of(strategy.RollingUpdate), "only allowed for updateStrategy 'RollingUpdate'")}
		}
		return nil
	}
	message := "must be 'RollingUpdate' or 'OnDelete'"
	if recreate {
		message = "must be 'RollingUpdate', 'OnDelete' or 'Recreate'"
	}
	return field.ErrorList{field.Invalid(path, goform.Of(strategy), message)}
}

func validateRollingUpdate(rolling *appsv1.RollingUpdateStatefulSetStrategy, path *field.Path) field.ErrorList {
	if rolling == nil {
		return nil
	}
	errs := validation.ValidateNumbers(path, validation.Count("partition", ptr.Deref(rolling.Partition, 0)))
	if rolling.MaxUnavailable == nil {
		return errs
	}
	at := path.Child("maxUnavailable")
	errs = append(errs, validation.ValidateIntOrPercent(*rolling.MaxUnavailable, at)...)
	if validation.IsZero(*rolling.MaxUnavailable) {
		errs = append(errs, field.Invalid(at, *rolling.MaxUnavailable, "cannot be 0"))
	}
	return append(errs, validation.ValidateAtMost100Percent(*rolling.MaxUnavailable, at)...)
}

func validateRetention(policy *appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy, path *field.Path) field.ErrorList {
	if policy == nil {
		return nil
	}
	const keep, remove = appsv1.RetainPersistentVolumeClaimRetentionPolicyType, appsv1.DeletePersistentVolumeClaimRetentionPolicyType
	errs := metavalidation.ValidateOneOf(policy.WhenDeleted, path.Child("whenDeleted"), keep, remove)
	return append(errs, metavalidation.ValidateOneOf(policy.WhenScaled, path.Child("whenScaled"), keep, remove)...)
}

// validateClaims checks the specs of the claims. Their metadata is checked when
// the claims are created.
func validateClaims(claims []corev1.PersistentVolumeClaim, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range claims {
		errs = append(errs, volume.ValidatePersistentVolumeClaimSpec(&claims[i].Spec, volume.ClaimOptions{}, path.Index(i).Child("spec"))...)
	}
	return errs
}

// validateUpdate refuses changes of the fields by which the pods and their
// claims are found.
func validateUpdate(ctx context.Context, s, old object) field.ErrorList {
	opts := podspec.OptionsFrom(ctx).ForUpdate(&old.Spec.Template.ObjectMeta, &old.Spec.Template.Spec)
	errs := validateSpec(&s.Spec, &old.Spec, opts)
	rest := s.Spec
	rest.Replicas, rest.Ordinals, rest.Template, rest.UpdateStrategy = old.Spec.Replicas, old.Spec.Ordinals, old.Spec.Template, old.Spec.UpdateStrategy
	rest.RevisionHistoryLimit, rest.MinReadySeconds = old.Spec.RevisionHistoryLimit, old.Spec.MinReadySeconds
	rest.PersistentVolumeClaimRetentionPolicy = old.Spec.PersistentVolumeClaimRetentionPolicy
	if !apiequality.Semantic.DeepEqual(rest, old.Spec) {
		errs = append(errs, field.Forbidden(specPath, "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "+
			"'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"))
	}
	return errs
}
