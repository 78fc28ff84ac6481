package storageclass

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
	storagevalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/storage/validation"
)

var (
	provisionerPath       = field.NewPath("provisioner")
	parametersPath        = field.NewPath("parameters")
	reclaimPolicyPath     = field.NewPath("reclaimPolicy")
	volumeBindingModePath = field.NewPath("volumeBindingMode")
	allowedTopologiesPath = field.NewPath("allowedTopologies")
)

func validate(_ context.Context, c *storagev1.StorageClass) field.ErrorList {
	errs := storagevalidation.ValidateDriverName(c.Provisioner, provisionerPath)
	errs = append(errs, storagevalidation.ValidateParameters(c.Parameters, parametersPath)...)
	if policy := ptr.Deref(c.ReclaimPolicy, ""); policy != "" {
		errs = append(errs, metavalidation.ValidateOneOf(policy, reclaimPolicyPath,
			corev1.PersistentVolumeReclaimDelete, corev1.PersistentVolumeReclaimRetain)...)
	}
	if c.VolumeBindingMode == nil {
		errs = append(errs, field.Required(volumeBindingModePath, ""))
	} else {
		errs = append(errs, metavalidation.ValidateOneOf(*c.VolumeBindingMode, volumeBindingModePath,
			storagev1.VolumeBindingImmediate, storagev1.VolumeBindingWaitForFirstConsumer)...)
	}
	return append(errs, validation.ValidateTopologySelectorTerms(c.AllowedTopologies, allowedTopologiesPath)...)
}

// validateUpdate refuses changes of what the volumes of the class were made
// with.
func validateUpdate(_ context.Context, c, old *storagev1.StorageClass) field.ErrorList {
	errs := apivalidation.ValidateImmutableField(c.Parameters, old.Parameters, parametersPath)
	errs = append(errs, apivalidation.ValidateImmutableField(c.Provisioner, old.Provisioner, provisionerPath)...)
	errs = append(errs, apivalidation.ValidateImmutableField(c.ReclaimPolicy, old.ReclaimPolicy, reclaimPolicyPath)...)
	return append(errs, apivalidation.ValidateImmutableField(c.VolumeBindingMode, old.VolumeBindingMode, volumeBindingModePath)...)
}

func warningsOnCreate(_ context.Context, c *storagev1.StorageClass) (texts []string) {
	for i, term := range c.AllowedTopologies {
		for j, r := range term.MatchLabelExpressions {
			if why := validation.DeprecatedNodeLabel(r.Key); why != "" {
				texts = append(texts, allowedTopologiesPath.Index(i).Child("matchLabelExpressions").Index(j).Child("key").String()+": "+why)
			}
		}
	}
	return texts
}

func warningsOnUpdate(ctx context.Context, c, _ *storagev1.StorageClass) []string {
	return warningsOnCreate(ctx, c)
}
