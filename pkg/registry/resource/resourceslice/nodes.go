package resourceslice

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

const unsetOrTrue = "must be either unset or set to true"

// validateNodes checks the nodes of the slice, which are chosen in exactly one way.
func validateNodes(s *spec) field.ErrorList {
	const required = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
	errs, chosen := nodeChoice{s.NodeName, s.NodeSelector, s.AllNodes}.validate("must be either unset or set to a non-empty string", validateOneTerm, specPath)
	if perDevice := s.PerDeviceNodeSelection; perDevice != nil {
		if *perDevice {
			chosen = append(chosen, "`perDeviceNodeSelection`")
		} else {
			errs = append(errs, field.Invalid(specPath.Child("perDeviceNodeSelection"), false, unsetOrTrue))
		}
	}
	return append(errs, exactlyOne(chosen, required, required+", but multiple fields are set", specPath)...)
}

// validateDeviceNodes checks the nodes of a device, which are chosen where the
// slice leaves it to each device.
func validateDeviceNodes(d *device, perDevice bool, p *field.Path) field.ErrorList {
	if !perDevice {
		if d.NodeName != nil || d.NodeSelector != nil || d.AllNodes != nil {
			return field.ErrorList{field.Invalid(p, nil, "`nodeName`, `nodeSelector` and `allNodes` can only be set if "+
				"`perDeviceNodeSelection` is set to true in the ResourceSlice spec")}
		}
		return nil
	}
	const required = "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true " +
		"in the ResourceSlice spec"
	errs, chosen := nodeChoice{d.NodeName, d.NodeSelector, d.AllNodes}.validate("must not be empty", validateTerms, p)
	return append(errs, exactlyOne(chosen, required, required, p)...)
}

// nodeChoice are the ways in which nodes are chosen, of which a slice or a device
// uses one.
type nodeChoice struct {
	name     *string
	selector *corev1.NodeSelector
	all      *bool
}

// validate also returns which ways are used, as messages name them. emptyName is
// what is said of an empty name.
func (c nodeChoice) validate(
	emptyName string, validateSelector func(*corev1.NodeSelector, *field.Path) field.ErrorList, p *field.Path,
) (errs field.ErrorList, chosen []string) {
	if at := p.Child("nodeName"); c.name != nil {
		if *c.name == "" {
			errs = append(errs, field.Invalid(at, "", emptyName))
		} else {
			chosen = append(chosen, "`nodeName`")
			errs = append(errs, validation.ValidateDNS1123Subdomain(*c.name, at)...)
		}
	}
	if c.selector != nil {
		chosen = append(chosen, "`nodeSelector`")
		errs = append(errs, validateSelector(c.selector, p.Child("nodeSelector"))...)
	}
	if c.all != nil {
		if *c.all {
			chosen = append(chosen, "`allNodes`")
		} else {
			errs = append(errs, field.Invalid(p.Child("allNodes"), false, unsetOrTrue))
		}
	}
	return errs, chosen
}

func validateTerms(selector *corev1.NodeSelector, p *field.Path) field.ErrorList {
	return validation.ValidateNodeSelector(selector, false, p)
}

// validateOneTerm is validateTerms for the selector of a slice, which has one term.
func validateOneTerm(selector *corev1.NodeSelector, p *field.Path) field.ErrorList {
	errs := validateTerms(selector, p)
	if len(selector.NodeSelectorTerms) != 1 {
		errs = append(errs, field.Invalid(p.Child("nodeSelectorTerms"), goform.Of(selector.NodeSelectorTerms), "must have exactly one node selector term"))
	}
	return errs
}

// exactlyOne checks that nodes are chosen in one way.
func exactlyOne(chosen []string, none, several string, p *field.Path) field.ErrorList {
	switch {
	case len(chosen) == 0:
		return field.ErrorList{field.Required(p, none)}
	case len(chosen) > 1:
		return field.ErrorList{field.Invalid(p, "{"+strings.Join(chosen, ", ")+"}", several)}
	}
	return nil
}
