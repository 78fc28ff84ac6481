package podspec

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// maxAppArmorProfile is the maximum length in bytes of the name of a profile,
// which is a path on the node.
const maxAppArmorProfile = 4095

// validateSecurityContext checks the security context of a container.
func (v *specValidator) validateSecurityContext(sc *corev1.SecurityContext, p *field.Path) field.ErrorList {
	if sc == nil {
		return nil
	}
	var errs field.ErrorList
	privileged := sc.Privileged != nil && *sc.Privileged
	if privileged && v.opts.ForbidPrivileged {
		errs = append(errs, field.Forbidden(p.Child("privileged"), "disallowed by cluster policy"))
	}
	errs = append(errs, validateUser(sc.RunAsUser, p.Child("runAsUser"))...)
	errs = append(errs, validateGroup(sc.RunAsGroup, p.Child("runAsGroup"))...)
	if sc.ProcMount != nil {
		at := p.Child("procMount")
		errs = append(errs, metavalidation.ValidateOneOf(*sc.ProcMount, at, corev1.DefaultProcMount, corev1.UnmaskedProcMount)...)
		if usesHostUsers(v.spec) && *sc.ProcMount == corev1.UnmaskedProcMount {
			errs = append(errs, field.Invalid(at, *sc.ProcMount, "`hostUsers` must be false to use `Unmasked`"))
		}
	}
	errs = append(errs, validateSeccomp(sc.SeccompProfile, p.Child("seccompProfile"))...)
	if sc.AllowPrivilegeEscalation != nil && !*sc.AllowPrivilegeEscalation {
		if privileged {
			errs = append(errs, field.Invalid(p, goform.Of(sc), "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"))
		}
		if sc.Capabilities != nil && slices.Contains(sc.Capabilities.Add, "CAP_SYS_ADMIN") {
			errs = append(errs, field.Invalid(p, goform.Of(sc), "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"))
		}
	}
	errs = append(errs, validateWindowsOptions(sc.WindowsOptions, p.Child("windowsOptions"))...)
	return append(errs, validateAppArmor(sc.AppArmorProfile, p.Child("appArmorProfile"))...)
}

func validateUser(id *int64, p *field.Path) field.ErrorList {
	if id == nil {
		return nil
	}
	return invalid(p, *id, utilvalidation.IsValidUserID(*id))
}

func validateGroup(id *int64, p *field.Path) field.ErrorList {
	if id == nil {
		return nil
	}
	return invalid(p, *id, utilvalidation.IsValidGroupID(*id))
}

func validateSeccomp(profile *corev1.SeccompProfile, p *field.Path) field.ErrorList {
	if profile == nil {
		return nil
	}
	var errs field.ErrorList
	if profile.Type == "" {
		errs = append(errs, field.Required(p.Child("type"), "type is required when seccompProfile is set"))
	} else {
		errs = append(errs, metavalidation.ValidateOneOf(profile.Type, p.Child("type"),
			corev1.SeccompProfileTypeLocalhost, corev1.SeccompProfileTypeRuntimeDefault, corev1.SeccompProfileTypeUnconfined)...)
	}
	file, at := profile.LocalhostProfile, p.Child("localhostProfile")
	switch {
	case profile.Type != corev1.SeccompProfileTypeLocalhost && file != nil:
		errs = append(errs, field.Invalid(at, goform.Of(profile), "can only be set when seccomp type is Localhost"))
	case profile.Type == corev1.SeccompProfileTypeLocalhost && file == nil:
		errs = append(errs, field.Required(at, "must be set when seccomp type is Localhost"))
	case file != nil:
		errs = append(errs, volume.ValidateLocalDescendingPath(*file, at)...)
	}
	return errs
}

func validateAppArmor(profile *corev1.AppArmorProfile, p *field.Path) field.ErrorList {
	if profile == nil {
		return nil
	}
	at := p.Child("localhostProfile")
	switch profile.Type {
	case corev1.AppArmorProfileTypeLocalhost:
		return validateAppArmorFile(profile.LocalhostProfile, at)
	case corev1.AppArmorProfileTypeRuntimeDefault, corev1.AppArmorProfileTypeUnconfined:
		if profile.LocalhostProfile != nil {
			return field.ErrorList{field.Invalid(at, profile.LocalhostProfile, "can only be set when AppArmor type is Localhost")}
		}
		return nil
	case "":
		return field.ErrorList{field.Required(p.Child("type"), "type is required when appArmorProfile is set")}
	}
	return metavalidation.ValidateOneOf(profile.Type, p.Child("type"),
		corev1.AppArmorProfileTypeLocalhost, corev1.AppArmorProfileTypeRuntimeDefault, corev1.AppArmorProfileTypeUnconfined)
}

func validateAppArmorFile(file *string, p *field.Path) field.ErrorList {
	if file == nil {
		return field.ErrorList{field.Required(p, "must be set when AppArmor type is Localhost")}
	}
	name := strings.TrimSpace(*file)
	switch {
	case name != *file:
		return field.ErrorList{field.Invalid(p, *file, "must not be padded with whitespace")}
	case name == "":
		return field.ErrorList{field.Required(p, "must be set when AppArmor type is Localhost")}
	case len(name) > maxAppArmorProfile:
		return field.ErrorList{field.TooLong(p, name, maxAppArmorProfile)}
	}
	return nil
}

// validatePodSecurity checks the security context of the pod and the namespaces
// that it shares with the host.
func (v *specValidator) validatePodSecurity(p *field.Path) field.ErrorList {
	spec, sc := v.spec, v.spec.SecurityContext
	if sc == nil {
		return nil
	}
	var errs field.ErrorList
	errs = append(errs, validateGroup(sc.FSGroup, p.Child("fsGroup"))...)
	errs = append(errs, validateUser(sc.RunAsUser, p.Child("runAsUser"))...)
	errs = append(errs, validateGroup(sc.RunAsGroup, p.Child("runAsGroup"))...)
	for i, id := range sc.SupplementalGroups {
		errs = append(errs, validateGroup(&id, p.Child("supplementalGroups").Index(i))...)
	}
	if share := spec.ShareProcessNamespace; share != nil && *share && spec.HostPID {
		errs = append(errs, field.Invalid(p.Child("shareProcessNamespace"), *share,
			"ShareProcessNamespace and HostPID cannot both be enabled"))
	}
	errs = append(errs, v.validateSysctls(sc.Sysctls, p.Child("sysctls"))...)
	if sc.FSGroupChangePolicy != nil {
		errs = append(errs, metavalidation.ValidateOneOf(*sc.FSGroupChangePolicy, p.Child("fsGroupChangePolicy"),
			corev1.FSGroupChangeAlways, corev1.FSGroupChangeOnRootMismatch)...)
	}
	errs = append(errs, validateSeccomp(sc.SeccompProfile, p.Child("seccompProfile"))...)
	errs = append(errs, validateWindowsOptions(sc.WindowsOptions, p.Child("windowsOptions"))...)
	errs = append(errs, validateAppArmor(sc.AppArmorProfile, p.Child("appArmorProfile"))...)
	if sc.SupplementalGroupsPolicy != nil {
		errs = append(errs, metavalidation.ValidateOneOf(*sc.SupplementalGroupsPolicy, p.Child("supplementalGroupsPolicy"),
			corev1.SupplementalGroupsPolicyMerge, corev1.SupplementalGroupsPolicyStrict)...)
	}
	if sc.SELinuxChangePolicy != nil {
		policies := []corev1.PodSELinuxChangePolicy{corev1.SELinuxChangePolicyRecursive}
		if features.Enabled(features.SELinuxMount) || v.opts.kept.seLinuxPolicy {
			policies = []corev1.PodSELinuxChangePolicy{corev1.SELinuxChangePolicyMountOption, corev1.SELinuxChangePolicyRecursive}
		}
		errs = append(errs, metavalidation.ValidateOneOf(*sc.SELinuxChangePolicy, p.Child("seLinuxChangePolicy"), policies...)...)
	}
	return errs
}

// usesHostUsers reports whether the containers run with the users of the host.
func usesHostUsers(spec *corev1.PodSpec) bool { return spec.HostUsers == nil || *spec.HostUsers }

// validateHostUsers checks that a pod with its own user namespace does not
// share other namespaces with the host.
func (v *specValidator) validateHostUsers(p *field.Path) field.ErrorList {
	if usesHostUsers(v.spec) {
		return nil
	}
	const why = "when `hostUsers` is false"
	network := features.Enabled(features.UserNamespacesHostNetworkSupport) || v.opts.kept.hostNetwork
	errs := forbid(p, why, []use{
		{"hostNetwork", v.spec.HostNetwork && !network},
		{"HostPID", v.spec.HostPID}, // kube-apiserver also begins this name and the next one with a capital letter
		{"HostIPC", v.spec.HostIPC},
	})
	for at, c := range containersOf(v.spec, p) {
		if len(c.VolumeDevices) > 0 && !v.opts.kept.userDevices {
			errs = append(errs, field.Forbidden(at.Child("volumeDevices"), why))
		}
	}
	return errs
}

// validateSysctls checks the sysctls, which are kernel settings.
func (v *specValidator) validateSysctls(sysctls []corev1.Sysctl, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for i, s := range sysctls {
		at := p.Index(i).Child("name")
		switch {
		case s.Name == "":
			errs = append(errs, field.Required(at, ""))
		case !validSysctl(s.Name):
			errs = append(errs, field.Invalid(at, s.Name, fmt.Sprintf("must have at most %d characters and match regex %s", maxSysctl, sysctlPattern)))
		case seen[s.Name]:
			errs = append(errs, field.Duplicate(at, s.Name))
		}
		seen[s.Name] = true
	}
	if !v.opts.kept.hostSysctls {
		errs = append(errs, validateHostSysctls(v.spec, p)...)
	}
	return errs
}
