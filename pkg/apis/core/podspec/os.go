package podspec

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

const (
	notOnWindows = "cannot be set for a windows pod"
	notOnLinux   = "windows options cannot be set for a linux pod"
)

// validateOS checks the operating system of the pod, and refuses fields that do
// not exist for that operating system.
func (v *specValidator) validateOS(p *field.Path) field.ErrorList {
	if v.spec.OS == nil {
		return nil
	}
	at := p.Child("os")
	switch v.spec.OS.Name {
	case "":
		return field.ErrorList{field.Required(at.Child("name"), "")}
	case corev1.Linux:
		return v.validateLinux(p)
	case corev1.Windows:
		return v.validateWindows(p)
	}
	return metavalidation.ValidateOneOf(v.spec.OS.Name, at, corev1.Linux, corev1.Windows)
}

func (v *specValidator) validateLinux(p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if sc := v.spec.SecurityContext; sc != nil {
		errs = append(errs, forbid(p.Child("securityContext"), notOnLinux, []use{{"windowsOptions", sc.WindowsOptions != nil}})...)
	}
	for at, c := range containersOf(v.spec, p) {
		if sc := c.SecurityContext; sc != nil {
			errs = append(errs, forbid(at.Child("securityContext"), notOnLinux, []use{{"windowsOptions", sc.WindowsOptions != nil}})...)
		}
	}
	return errs
}

func (v *specValidator) validateWindows(p *field.Path) field.ErrorList {
	var errs field.ErrorList
	spec, at := v.spec, p.Child("securityContext")
	errs = append(errs, forbid(p, notOnWindows, []use{
		{"hostUsers", spec.HostUsers != nil},
		{"hostPID", spec.HostPID},
		{"hostIPC", spec.HostIPC},
		{"shareProcessNamespace", spec.ShareProcessNamespace != nil},
	})...)
	if sc := spec.SecurityContext; sc != nil {
		errs = append(errs, forbid(at, notOnWindows, []use{
			{"appArmorProfile", sc.AppArmorProfile != nil},
			{"seLinuxOptions", sc.SELinuxOptions != nil},
			{"seccompProfile", sc.SeccompProfile != nil},
			{"seLinuxChangePolicy", sc.SELinuxChangePolicy != nil},
			{"fsGroup", sc.FSGroup != nil},
			{"fsGroupChangePolicy", sc.FSGroupChangePolicy != nil},
			{"sysctls", len(sc.Sysctls) > 0},
			{"runAsUser", sc.RunAsUser != nil},
			{"runAsGroup", sc.RunAsGroup != nil},
			{"supplementalGroups", sc.SupplementalGroups != nil},
			{"supplementalGroupsPolicy", sc.SupplementalGroupsPolicy != nil},
		})...)
	}
	for path, c := range containersOf(spec, p) {
		if sc := c.SecurityContext; sc != nil {
			errs = append(errs, forbid(path.Child("securityContext"), notOnWindows, []use{
				{"appArmorProfile", sc.AppArmorProfile != nil},
				{"seLinuxOptions", sc.SELinuxOptions != nil},
				{"seccompProfile", sc.SeccompProfile != nil},
				{"capabilities", sc.Capabilities != nil},
				{"readOnlyRootFilesystem", sc.ReadOnlyRootFilesystem != nil},
				{"privileged", sc.Privileged != nil},
				{"allowPrivilegeEscalation", sc.AllowPrivilegeEscalation != nil},
				{"procMount", sc.ProcMount != nil},
				{"runAsUser", sc.RunAsUser != nil},
				{"runAsGroup", sc.RunAsGroup != nil},
			})...)
		}
	}
	return append(errs, forbid(p, notOnWindows, []use{{"resources", spec.Resources != nil}})...)
}
