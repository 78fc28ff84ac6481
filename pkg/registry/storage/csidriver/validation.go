package csidriver

import (
	"context"
	"time"

	storagev1 "k8s.io/api/storage/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// The limits of periods, in seconds.
const (
	minTokenSeconds  = int64(10 * time.Minute / time.Second)
	maxTokenSeconds  = int64(1) << 32
	minUpdateSeconds = 10
)

var (
	specPath           = field.NewPath("spec")
	lifecycleModesPath = specPath.Child("volumeLifecycleModes")

	// attachRequiredPath is the path in errors, which kube-apiserver spells in
	// another way than the field.
	attachRequiredPath = specPath.Child("attachedRequired")
)

func validate(_ context.Context, d *storagev1.CSIDriver) field.ErrorList {
	spec := &d.Spec
	var errs field.ErrorList
	for _, f := range []struct {
		name  string
		value *bool
	}{{"attachedRequired", spec.AttachRequired}, {"podInfoOnMount", spec.PodInfoOnMount}, {"storageCapacity", spec.StorageCapacity}} {
		if f.value == nil {
			errs = append(errs, field.Required(specPath.Child(f.name), ""))
		}
	}
	if spec.FSGroupPolicy != nil {
		errs = append(errs, metavalidation.ValidateOneOf(*spec.FSGroupPolicy, specPath.Child("fsGroupPolicy"),
			storagev1.FileFSGroupPolicy, storagev1.NoneFSGroupPolicy, storagev1.ReadWriteOnceWithFSTypeFSGroupPolicy)...)
	}
	errs = append(errs, validateTokenRequests(spec.TokenRequests, specPath.Child("tokenRequests"))...)
	for _, mode := range spec.VolumeLifecycleModes {
		errs = append(errs, metavalidation.ValidateOneOf(mode, lifecycleModesPath,
			storagev1.VolumeLifecyclePersistent, storagev1.VolumeLifecycleEphemeral)...)
	}
	if seconds := spec.NodeAllocatableUpdatePeriodSeconds; seconds != nil && *seconds < minUpdateSeconds {
		errs = append(errs, field.Invalid(specPath.Child("nodeAllocatableUpdatePeriodSeconds"), *seconds, "must be greater than or equal to 10 seconds"))
	}
	if in := spec.ServiceAccountTokenInSecrets; in != nil && len(spec.TokenRequests) == 0 {
		errs = append(errs, field.Invalid(specPath.Child("serviceAccountTokenInSecrets"), *in,
			"serviceAccountTokenInSecrets is set but no tokenRequests are specified"))
	}
	return errs
}

// validateTokenRequests checks for whom and for how long the kubelet requests
// tokens of the pods.
func validateTokenRequests(requests []storagev1.TokenRequest, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	audiences := sets.Set[string]{}
	for i, r := range requests {
		at := p.Index(i)
		if audiences.Has(r.Audience) {
			errs = append(errs, field.Duplicate(at.Child("audience"), r.Audience))
			continue
		}
		audiences.Insert(r.Audience)
		if r.ExpirationSeconds == nil {
			continue
		}
		seconds := at.Child("expirationSeconds")
		switch n := *r.ExpirationSeconds; {
		case n < minTokenSeconds:
			errs = append(errs, field.Invalid(seconds, n, "may not specify a duration less than 10 minutes"))
		case n > maxTokenSeconds:
			errs = append(errs, field.Invalid(seconds, n, "may not specify a duration larger than 2^32 seconds"))
		}
	}
	return errs
}

// validateUpdate refuses changes that would need other volumes.
func validateUpdate(ctx context.Context, d, old *storagev1.CSIDriver) field.ErrorList {
	errs := validate(ctx, d)
	errs = append(errs, apivalidation.ValidateImmutableField(
		ptr.Deref(d.Spec.AttachRequired, false), ptr.Deref(old.Spec.AttachRequired, false), attachRequiredPath)...)
	return append(errs, apivalidation.ValidateImmutableField(d.Spec.VolumeLifecycleModes, old.Spec.VolumeLifecycleModes, lifecycleModesPath)...)
}

// exposesTokens reports whether tokens of pods end up where the driver may log
// them (KEP-5538).
func exposesTokens(d *storagev1.CSIDriver) bool {
	return len(d.Spec.TokenRequests) > 0 && d.Spec.ServiceAccountTokenInSecrets == nil
}

func warningsOnCreate(_ context.Context, d *storagev1.CSIDriver) []string {
	if !exposesTokens(d) {
		return nil
	}
	return []string{"spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of " +
		"tokens in volume attributes"}
}

func warningsOnUpdate(ctx context.Context, d, old *storagev1.CSIDriver) []string {
	if apiequality.Semantic.DeepEqual(d.Spec.TokenRequests, old.Spec.TokenRequests) {
		return nil
	}
	return warningsOnCreate(ctx, d)
}
