package podcertificaterequest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/types"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	certificatesvalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/certificates/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

// The bounds of what can be asked for. The signers of Kubernetes itself issue
// certificates for at most a day.
const (
	minExpirationSeconds           = 60 * 60
	maxExpirationSeconds           = 91 * 24 * 60 * 60
	maxExpirationSecondsKubernetes = 24 * 60 * 60
	maxUID                         = 128 // in bytes
)

var specPath = field.NewPath("spec")

func validate(_ context.Context, r object) field.ErrorList {
	spec := &r.Spec
	errs := certificatesvalidation.ValidateSignerName(spec.SignerName, specPath.Child("signerName"))
	errs = append(errs, validateUserAnnotations(spec.UnverifiedUserAnnotations, specPath.Child("unverifiedUserAnnotations"))...)
	for _, of := range []struct {
		kind, name string
		uid        types.UID
	}{
		{"pod", spec.PodName, spec.PodUID},
		{"serviceAccount", spec.ServiceAccountName, spec.ServiceAccountUID},
		{"node", string(spec.NodeName), spec.NodeUID},
	} {
		errs = append(errs, validation.ValidateDNS1123Subdomain(of.name, specPath.Child(of.kind+"Name"))...)
		errs = append(errs, validateUID(string(of.uid), specPath.Child(of.kind+"UID"))...)
	}
	errs = append(errs, validateExpiration(spec, specPath.Child("maxExpirationSeconds"))...)
	_, keyErrs := requestedKey(spec)
	return append(errs, keyErrs...)
}

func validateUID(uid string, p *field.Path) field.ErrorList {
	switch {
	case uid == "":
		return field.ErrorList{field.Invalid(p, uid, "must not be empty")}
	case len(uid) > maxUID:
		return field.ErrorList{field.TooLong(p, uid, maxUID)}
	}
	return nil
}

func validateExpiration(spec *certificatesv1beta1.PodCertificateRequestSpec, p *field.Path) field.ErrorList {
	longest := int32(maxExpirationSeconds)
	if strings.HasPrefix(spec.SignerName, "kubernetes.io/") {
		longest = maxExpirationSecondsKubernetes
	}
	switch seconds := spec.MaxExpirationSeconds; {
	case seconds == nil:
		return field.ErrorList{field.Required(p, "must be set")}
	case *seconds < minExpirationSeconds || *seconds > longest:
		return field.ErrorList{field.Invalid(p, *seconds, fmt.Sprintf("must be in the range [%d, %d]", minExpirationSeconds, longest))}
	}
	return nil
}

// validateUserAnnotations checks the keys like those of annotations. Each has a
// domain as prefix.
func validateUserAnnotations(annotations map[string]string, p *field.Path) (errs field.ErrorList) {
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		complaints := utilvalidation.IsQualifiedName(strings.ToLower(key))
		for _, complaint := range complaints {
			errs = append(errs, field.Invalid(p, key, complaint))
		}
		if len(complaints) == 0 && !strings.Contains(key, "/") {
			errs = append(errs, field.Invalid(p, key, `must be a domain-prefixed key (such as "acme.io/foo")`))
		}
	}
	if err := apivalidation.ValidateAnnotationsSize(annotations); err != nil {
		errs = append(errs, field.TooLong(p, "" /* not repeated */, apivalidation.TotalAnnotationSizeLimitB))
	}
	return errs
}

func validateUpdate(_ context.Context, r, old object) field.ErrorList {
	if !apiequality.Semantic.DeepEqual(r.Spec, old.Spec) {
		return field.ErrorList{field.Invalid(specPath, goform.Of(r.Spec), "field is immutable")}
	}
	return nil
}
