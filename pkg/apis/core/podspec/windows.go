package podspec

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// These are limits of Windows for user names.
const (
	maxCredentialSpec = 64 // KiB
	maxNetBIOSDomain  = 15
	maxDNSDomain      = 255
	maxUser           = 104
	noUserCharacters  = `"/\:;|=,+*?<>@[]`
)

var (
	controlCharacter = regexp.MustCompile(`[[:cntrl:]]+`)
	netBIOSDomain    = regexp.MustCompile(`^[^\\/:\*\?"<>|\.][^\\/:\*\?"<>|]{0,14}$`)
	dnsDomain        = regexp.MustCompile(`^[[:alnum:]]([[:alnum:]-]*[[:alnum:]])?(\.[[:alnum:]]([[:alnum:]-]*[[:alnum:]])?)*$`)
)

func validateWindowsOptions(o *corev1.WindowsSecurityContextOptions, p *field.Path) field.ErrorList {
	if o == nil {
		return nil
	}
	var errs field.ErrorList
	if name := o.GMSACredentialSpecName; name != nil {
		errs = append(errs, invalid(p.Child("gmsaCredentialSpecName"), *name, utilvalidation.IsDNS1123Subdomain(*name))...)
	}
	if spec := o.GMSACredentialSpec; spec != nil {
		at := p.Child("gmsaCredentialSpec")
		if *spec == "" {
			errs = append(errs, field.Invalid(at, *spec, "gmsaCredentialSpec cannot be an empty string"))
		} else if len(*spec) > maxCredentialSpec*1024 {
			errs = append(errs, field.Invalid(at, *spec, fmt.Sprintf("gmsaCredentialSpec size must be under %d KiB", maxCredentialSpec)))
		}
	}
	if o.RunAsUserName != nil {
		errs = append(errs, validateWindowsUser(*o.RunAsUserName, p.Child("runAsUserName"))...)
	}
	return errs
}

// validateWindowsUser checks a name of the form DOMAIN\USER or USER.
func validateWindowsUser(name string, p *field.Path) field.ErrorList {
	complain := func(why string) field.ErrorList { return field.ErrorList{field.Invalid(p, name, why)} }
	switch {
	case name == "":
		return complain("runAsUserName cannot be an empty string")
	case controlCharacter.MatchString(name):
		return complain("runAsUserName cannot contain control characters")
	}
	parts := strings.Split(name, `\`)
	if len(parts) > 2 {
		return complain(`runAsUserName cannot contain more than one backslash`)
	}
	if len(parts) == 1 {
		return invalid(p, name, windowsUserComplaints(parts[0]))
	}
	return append(invalid(p, name, windowsDomainComplaints(parts[0])), invalid(p, name, windowsUserComplaints(parts[1]))...)
}

func windowsDomainComplaints(domain string) []string {
	if len(domain) > maxDNSDomain {
		return []string{fmt.Sprintf("runAsUserName's Domain length must not be longer than %d characters", maxDNSDomain)}
	}
	if len(domain) <= maxNetBIOSDomain && netBIOSDomain.MatchString(domain) || dnsDomain.MatchString(domain) {
		return nil
	}
	return []string{"runAsUserName's Domain doesn't match the NetBios nor the DNS format"}
}

func windowsUserComplaints(user string) []string {
	switch {
	case user == "":
		return []string{"runAsUserName's User cannot be empty"}
	case len(user) > maxUser:
		return []string{fmt.Sprintf("runAsUserName's User length must not be longer than %d characters", maxUser)}
	case strings.ContainsAny(user, noUserCharacters):
		return []string{fmt.Sprintf("runAsUserName's User cannot contain the following characters: %s", noUserCharacters)}
	case strings.Trim(user, ". ") == "":
		return []string{"runAsUserName's User cannot contain only periods or spaces"}
	}
	return nil
}

// validateHostProcess checks that either all containers are Windows host
// process containers, or none is.
func (v *specValidator) validateHostProcess(p *field.Path) field.ErrorList {
	var pod *bool
	if sc := v.spec.SecurityContext; sc != nil && sc.WindowsOptions != nil {
		pod = sc.WindowsOptions.HostProcess
	}
	var errs field.ErrorList
	on, off := 0, 0
	for at, c := range containersOf(v.spec, p) {
		var own *bool
		if sc := c.SecurityContext; sc != nil && sc.WindowsOptions != nil {
			own = sc.WindowsOptions.HostProcess
		}
		if pod != nil && own != nil && *pod != *own {
			errs = append(errs, field.Invalid(at.Child("securityContext", "windowsOptions", "hostProcess"), *own,
				fmt.Sprintf("pod hostProcess value must be identical if both are specified, was %v", *pod)))
		}
		switch {
		case own != nil && *own, own == nil && pod != nil && *pod:
			on++
		default:
			off++
		}
	}
	if on == 0 {
		return errs
	}
	if off > 0 {
		errs = append(errs, field.Invalid(p, "", "If pod contains any hostProcess containers then all containers must be HostProcess containers"))
	}
	if !v.spec.HostNetwork {
		errs = append(errs, field.Invalid(p.Child("hostNetwork"), v.spec.HostNetwork, "hostNetwork must be true if pod contains any hostProcess containers"))
	}
	if v.opts.ForbidPrivileged {
		errs = append(errs, field.Forbidden(p, "hostProcess containers are disallowed by cluster policy"))
	}
	return errs
}
