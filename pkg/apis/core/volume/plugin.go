package volume

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// maxCSIDriverName is the maximum length of the name according to the CSI
// specification.
const maxCSIDriverName = 63

func validateFlexVolume(s *corev1.FlexVolumeSource, p *field.Path) field.ErrorList {
	return ValidateFlexVolume(s.Driver, s.Options, p)
}

// ValidateFlexVolume checks the driver and the options of a FlexVolume. Options
// in the domains of Kubernetes are reserved for those that the kubelet adds.
func ValidateFlexVolume(driver string, options map[string]string, p *field.Path) field.ErrorList {
	errs := required(driver, p.Child("driver"))
	for key := range options {
		domain, _, _ := strings.Cut(key, "/")
		domain = "." + strings.ToLower(domain)
		if strings.HasSuffix(domain, ".kubernetes.io") || strings.HasSuffix(domain, ".k8s.io") {
			errs = append(errs, field.Invalid(p.Child("options").Key(key), key, "kubernetes.io and k8s.io namespaces are reserved"))
		}
	}
	return errs
}

func validateCSI(s *corev1.CSIVolumeSource, p *field.Path) field.ErrorList {
	errs := ValidateCSIDriverName(s.Driver, p.Child("driver"))
	if ref := s.NodePublishSecretRef; ref != nil {
		if ref.Name == "" {
			return append(errs, field.Required(p.Child("nodePublishSecretRef", "name"), ""))
		}
		for _, msg := range apivalidation.NameIsDNSSubdomain(ref.Name, false) {
			errs = append(errs, field.Invalid(p.Child("name"), ref.Name, msg))
		}
	}
	return errs
}

// ValidateCSIDriverName checks that the name of a CSI driver is a DNS name, in
// upper or lower case, that is not too long.
func ValidateCSIDriverName(name string, p *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(p, "")}
	}
	var errs field.ErrorList
	if len(name) > maxCSIDriverName {
		errs = append(errs, field.TooLong(p, name, maxCSIDriverName))
	}
	for _, msg := range utilvalidation.IsDNS1123Subdomain(strings.ToLower(name)) {
		errs = append(errs, field.Invalid(p, name, msg))
	}
	return errs
}
