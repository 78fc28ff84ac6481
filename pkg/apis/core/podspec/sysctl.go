package podspec

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

const (
	maxSysctl     = 253
	sysctlPattern = `^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`
)

var sysctlRegexp = regexp.MustCompile(sysctlPattern)

func validSysctl(name string) bool { return len(name) <= maxSysctl && sysctlRegexp.MatchString(name) }

// dotted returns the name of a sysctl with dots as separators. The first
// separator in the name, a dot or a slash, tells which of the two forms it has.
func dotted(name string) string {
	if i := strings.IndexAny(name, "./"); i < 0 || name[i] == '.' {
		return name
	}
	return strings.NewReplacer(".", "/", "/", ".").Replace(name)
}

// validateHostSysctls refuses the sysctls of namespaces that the pod shares
// with the host, because they would change the host.
func validateHostSysctls(spec *corev1.PodSpec, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if spec.SecurityContext == nil {
		return nil
	}
	for i, s := range spec.SecurityContext.Sysctls {
		name := dotted(s.Name)
		shared := ""
		switch {
		case spec.HostNetwork && strings.HasPrefix(name, "net."):
			shared = "hostNetwork"
		case spec.HostIPC && isIPCSysctl(name):
			shared = "hostIPC"
		default:
			continue
		}
		errs = append(errs, field.Invalid(p.Index(i).Child("name"), s.Name, fmt.Sprintf("may not be specified when '%s' is true", shared)))
	}
	return errs
}

func isIPCSysctl(name string) bool {
	for _, prefix := range []string{"kernel.shm", "kernel.msg", "fs.mqueue."} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == "kernel.sem"
}
