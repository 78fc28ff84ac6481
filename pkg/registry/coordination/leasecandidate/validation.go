package leasecandidate

import (
	"github.com/blang/semver/v4"
	coordinationv1 "k8s.io/api/coordination/v1"
	coordinationv1beta1 "k8s.io/api/coordination/v1beta1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/coordination/validation"
)

var specPath = field.NewPath("spec")

func validate(spec *coordinationv1beta1.LeaseCandidateSpec) (errs field.ErrorList) {
	if spec.LeaseName == "" {
		errs = append(errs, field.Required(specPath.Child("leaseName"), ""))
	}
	errs = append(errs, validateVersions(spec)...)
	if spec.Strategy == "" {
		return append(errs, field.Required(specPath.Child("strategy"), ""))
	}
	// The path repeats the name, as kube-apiserver's.
	return append(errs, validation.ValidateStrategy(spec.Strategy, specPath.Child("strategy", "strategy"))...)
}

// validateVersions checks both versions and that none is emulated that the binary
// does not know yet. A version that cannot be parsed counts as 0.0.0.
func validateVersions(spec *coordinationv1beta1.LeaseCandidateSpec) (errs field.ErrorList) {
	const notSemantic = "must be a valid semantic version"
	var binary, emulated semver.Version
	binaryPath, emulationPath := specPath.Child("binaryVersion"), specPath.Child("emulationVersion")
	if spec.EmulationVersion != "" {
		var err error
		if emulated, err = semver.Parse(spec.EmulationVersion); err != nil {
			errs = append(errs, field.Invalid(emulationPath, spec.EmulationVersion, notSemantic))
		}
	}
	if spec.BinaryVersion == "" {
		errs = append(errs, field.Required(binaryPath, ""))
	} else {
		var err error
		if binary, err = semver.Parse(spec.BinaryVersion); err != nil {
			errs = append(errs, field.Invalid(binaryPath, spec.BinaryVersion, notSemantic))
		}
		if binary.LT(emulated) {
			errs = append(errs, field.Invalid(binaryPath, spec.BinaryVersion, "must be greater than or equal to `emulationVersion`"))
		}
	}
	if spec.Strategy == coordinationv1.OldestEmulationVersion && emulated.EQ(semver.Version{}) {
		errs = append(errs, field.Required(emulationPath, "must be specified when `strategy` is 'OldestEmulationVersion'"))
	}
	return errs
}

func validateImmutable(spec, old *coordinationv1beta1.LeaseCandidateSpec) field.ErrorList {
	return apivalidation.ValidateImmutableField(spec.LeaseName, old.LeaseName, specPath.Child("leaseName"))
}
