package validation

import (
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidateDNS1123Label checks that the value is a DNS label: at most 63 lower
// case letters, digits and dashes.
func ValidateDNS1123Label(value string, p *field.Path) field.ErrorList {
	return invalidForEach(p, value, utilvalidation.IsDNS1123Label(value))
}

// ValidateDNS1123Subdomain checks that the value is a DNS subdomain of at most
// 253 characters.
func ValidateDNS1123Subdomain(value string, p *field.Path) field.ErrorList {
	return invalidForEach(p, value, utilvalidation.IsDNS1123Subdomain(value))
}

// ValidateQualifiedName checks that the value has the form of a label key: a
// name with an optional DNS subdomain as prefix.
func ValidateQualifiedName(value string, p *field.Path) field.ErrorList {
	return invalidForEach(p, value, utilvalidation.IsQualifiedName(value))
}

// ValidateLabelValue checks that the value is valid as value of a label.
func ValidateLabelValue(value string, p *field.Path) field.ErrorList {
	return invalidForEach(p, value, utilvalidation.IsValidLabelValue(value))
}

// ValidateConfigMapKey checks that the value is valid as key of a ConfigMap or
// Secret.
func ValidateConfigMapKey(value string, p *field.Path) field.ErrorList {
	return invalidForEach(p, value, utilvalidation.IsConfigMapKey(value))
}

// ValidateEnvVarName checks the name of an environment variable. It uses the
// relaxed rule, which is the default since Kubernetes 1.34: all printable ASCII
// characters except "=" are allowed.
func ValidateEnvVarName(value string, p *field.Path) field.ErrorList {
	return invalidForEach(p, value, utilvalidation.IsRelaxedEnvVarName(value))
}

// ValidateAnnotations checks the keys and the total size of annotations.
func ValidateAnnotations(annotations map[string]string, p *field.Path) field.ErrorList {
	return apivalidation.ValidateAnnotations(annotations, p)
}

// invalidForEach returns an error for each message about the value.
func invalidForEach(p *field.Path, value any, complaints []string) field.ErrorList {
	var errs field.ErrorList
	for _, msg := range complaints {
		errs = append(errs, field.Invalid(p, value, msg))
	}
	return errs
}
