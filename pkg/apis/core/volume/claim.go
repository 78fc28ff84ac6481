package volume

import (
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// ClaimOptions disable rules that older claims violate.
type ClaimOptions struct {
	// AllowInvalidLabelValueInSelector allows any value in the selector.
	AllowInvalidLabelValueInSelector bool
	// AllowInvalidAPIGroupInDataSource allows any group in the data sources.
	AllowInvalidAPIGroupInDataSource bool
}

func (o ClaimOptions) or(other ClaimOptions) ClaimOptions {
	return ClaimOptions{
		AllowInvalidLabelValueInSelector: o.AllowInvalidLabelValueInSelector || other.AllowInvalidLabelValueInSelector,
		AllowInvalidAPIGroupInDataSource: o.AllowInvalidAPIGroupInDataSource || other.AllowInvalidAPIGroupInDataSource,
	}
}

// ClaimOptionsFor returns the options for updating an object that contains this
// claim.
func ClaimOptionsFor(old *corev1.PersistentVolumeClaimSpec) ClaimOptions {
	badGroup := func(group *string) bool {
		return group != nil && *group != "" && len(apivalidation.NameIsDNSSubdomain(*group, false)) > 0
	}
	return ClaimOptions{
		AllowInvalidLabelValueInSelector: metav1validation.LabelSelectorHasInvalidLabelValue(old.Selector),
		AllowInvalidAPIGroupInDataSource: old.DataSource != nil && badGroup(old.DataSource.APIGroup) ||
			old.DataSourceRef != nil && badGroup(old.DataSourceRef.APIGroup),
	}
}

func validateClaimReference(s *corev1.PersistentVolumeClaimVolumeSource, p *field.Path) field.ErrorList {
	return required(s.ClaimName, p.Child("claimName"))
}

// ValidatePersistentVolumeClaimSpec checks the specification of a claim.
func ValidatePersistentVolumeClaimSpec(spec *corev1.PersistentVolumeClaimSpec, opts ClaimOptions, p *field.Path) field.ErrorList {
	errs := ValidateAccessModes(spec.AccessModes, p.Child("accessModes"))
	errs = append(errs, metav1validation.ValidateLabelSelector(spec.Selector, metav1validation.LabelSelectorValidationOptions{
		AllowInvalidLabelValueInSelector: opts.AllowInvalidLabelValueInSelector}, p.Child("selector"))...)
	storage := p.Child("resources").Key(string(corev1.ResourceStorage))
	if q, ok := spec.Resources.Requests[corev1.ResourceStorage]; !ok {
		errs = append(errs, field.Required(storage, ""))
	} else {
		errs = append(errs, validation.ValidatePositiveQuantity(q, storage)...)
	}
	errs = append(errs, ValidateClassName(spec.StorageClassName, p.Child("storageClassName"))...)
	if spec.VolumeMode != nil {
		errs = append(errs, ValidateVolumeMode(*spec.VolumeMode, p.Child("volumeMode"))...)
	}
	errs = append(errs, validateDataSources(spec, opts, p)...)
	return append(errs, ValidateClassName(spec.VolumeAttributesClassName, p.Child("volumeAttributesClassName"))...)
}

// ValidateAccessModes checks that there is at least one access mode, and that
// the modes can be combined.
func ValidateAccessModes(modes []corev1.PersistentVolumeAccessMode, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(modes) == 0 {
		errs = append(errs, field.Required(p, "at least 1 access mode is required"))
	}
	known := sets.Set[corev1.PersistentVolumeAccessMode]{}
	for _, m := range modes {
		unknown := metavalidation.ValidateOneOf(m, p, corev1.ReadOnlyMany, corev1.ReadWriteMany, corev1.ReadWriteOnce, corev1.ReadWriteOncePod)
		if len(unknown) == 0 {
			known.Insert(m)
		}
		errs = append(errs, unknown...)
	}
	if known.Has(corev1.ReadWriteOncePod) && len(known) > 1 {
		errs = append(errs, field.Forbidden(p, "may not use ReadWriteOncePod with other access modes"))
	}
	return errs
}

// ValidateVolumeMode checks whether a volume is used as a file system or as a
// block device.
func ValidateVolumeMode(mode corev1.PersistentVolumeMode, p *field.Path) field.ErrorList {
	return metavalidation.ValidateOneOf(mode, p, corev1.PersistentVolumeBlock, corev1.PersistentVolumeFilesystem)
}

// ValidateClassName checks the name of a storage class, which may be nil or
// empty.
func ValidateClassName(name *string, p *field.Path) field.ErrorList {
	if name == nil || *name == "" {
		return nil
	}
	return validation.ValidateDNS1123Subdomain(*name, p)
}

// validateDataSources checks dataSource and dataSourceRef, which both specify
// the initial content of a new volume. They must be equal, unless
// dataSourceRef, the newer field, names a namespace: dataSource has no field
// for it.
func validateDataSources(spec *corev1.PersistentVolumeClaimSpec, opts ClaimOptions, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	source, ref := spec.DataSource, spec.DataSourceRef
	if source != nil {
		errs = append(errs, validateDataSource(source.APIGroup, source.Kind, source.Name, opts, p.Child("dataSource"))...)
	}
	if ref != nil {
		errs = append(errs, validateDataSource(ref.APIGroup, ref.Kind, ref.Name, opts, p.Child("dataSourceRef"))...)
	}
	// Like those of kube-apiserver, the errors contain an empty object as
	// invalid value.
	conflict := func(msg string) { errs = append(errs, field.Invalid(p, struct{}{}, msg)) }
	switch {
	case ref != nil && ref.Namespace != nil && *ref.Namespace != "":
		errs = append(errs, validation.ValidateDNS1123Label(*ref.Namespace, p.Child("dataSourceRef", "namespace"))...)
		if source != nil {
			conflict("may not be specified when dataSourceRef.namespace is specified")
		}
	case source != nil && ref != nil && !sameDataSource(source, ref):
		conflict("must match dataSourceRef")
	}
	return errs
}

func sameDataSource(source *corev1.TypedLocalObjectReference, ref *corev1.TypedObjectReference) bool {
	return apiequality.Semantic.DeepEqual(*source, corev1.TypedLocalObjectReference{APIGroup: ref.APIGroup, Kind: ref.Kind, Name: ref.Name})
}

func validateDataSource(group *string, kind, name string, opts ClaimOptions, p *field.Path) field.ErrorList {
	errs := join(required(name, p.Child("name")), required(kind, p.Child("kind")))
	if group == nil || *group == "" {
		if kind != "PersistentVolumeClaim" {
			errs = append(errs, field.Invalid(p, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
		}
		return errs
	}
	if !opts.AllowInvalidAPIGroupInDataSource {
		errs = append(errs, validation.ValidateDNS1123Subdomain(*group, p.Child("apiGroup"))...)
	}
	return errs
}
