package validation

import (
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidateDNS1123Label checks that the value is a DNS label: at most 63
// characters, lower case, digits and dashes.
func ValidateDNS1123Label(value string, p *field.Path) field.ErrorList {
	return invalidForEach(p, value, utilvalidation.IsDNS1123Label(value))
}

// ValidateDNS1123Subdomain checks that the value is a DNS subdomain of at most
// 253 characters.
func ValidateDNS1123Subdomain(value string, p *field.Path) field.ErrorList {
	return invalidForEach(p, value, utilvalidation.IsDNS1123Subdomain(value))
}

// ValidateQualifiedName checks that the value has the form of a label key.
func ValidateQualifiedName(value string, p *field.Path) field.ErrorList {
	return invalidForEach(p, value, utilvalidation.IsQualifiedName(value))
}

// ValidateLabelValue checks that the value may be that of a label.
func ValidateLabelValue(value string, p *field.Path) field.ErrorList {
	return invalidForEach(p, value, utilvalidation.IsValidLabelValue(value))
}

// ValidateConfigMapKey checks that the value may be a key of a ConfigMap or Secret.
func ValidateConfigMapKey(value string, p *field.Path) field.ErrorList {
	return invalidForEach(p, value, utilvalidation.IsConfigMapKey(value))
}

// ValidateEnvVarName checks that the value may name an environment variable.
// The relaxed rule, the default since 1.34, allows all printable ASCII but "=".
func ValidateEnvVarName(value string, p *field.Path) field.ErrorList {
	return invalidForEach(p, value, utilvalidation.IsRelaxedEnvVarName(value))
}

// ValidateAnnotations checks the keys and the total size of annotations.
func ValidateAnnotations(annotations map[string]string, p *field.Path) field.ErrorList {
	return apivalidation.ValidateAnnotations(annotations, p)
}

// invalidForEach turns the complaints about one value into errors.
func invalidForEach(p *field.Path, value any, complaints []string) field.ErrorList {
	var errs field.ErrorList
	for _, msg := range complaints {
		errs = append(errs, field.Invalid(p, value, msg))
	}
	return errs
}
