package validation

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// DownwardAPIFieldLabel returns the current name of a pod field that the
// downward API can refer to. The error tells why there is no such field.
func DownwardAPIFieldLabel(label string) (string, error) {
	if path, _, ok := SplitSubscript(label); ok {
		switch path {
		case "metadata.annotations", "metadata.labels":
			return label, nil
		}
		return "", fmt.Errorf("field label does not support subscript: %s", label)
	}
	switch label {
	case "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid",
		"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
		"status.phase", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs":
		return label, nil
	case "spec.host": // the name of spec.nodeName in API versions before v1
		return "spec.nodeName", nil
	}
	return "", fmt.Errorf("field label not supported: %s", label)
}

// SplitSubscript splits path['subscript'] into path and subscript. ok is false
// if the string does not have this form.
func SplitSubscript(path string) (base, subscript string, ok bool) {
	rest, ok := strings.CutSuffix(path, "']")
	if !ok {
		return path, "", false
	}
	base, subscript, ok = strings.Cut(rest, "['")
	if !ok || base == "" {
		return path, "", false
	}
	return base, subscript, true
}

// ValidateObjectFieldSelector checks a reference to a field of the pod itself.
// It must be one of the allowed fields, or a single label or annotation.
func ValidateObjectFieldSelector(fs *corev1.ObjectFieldSelector, allowed sets.Set[string], p *field.Path) field.ErrorList {
	at := p.Child("fieldPath")
	if fs.APIVersion == "" {
		return field.ErrorList{field.Required(p.Child("apiVersion"), "")}
	}
	if fs.FieldPath == "" {
		return field.ErrorList{field.Required(at, "")}
	}
	if fs.APIVersion != "v1" {
		return field.ErrorList{field.Invalid(at, fs.FieldPath, "error converting fieldPath: unsupported pod version: "+fs.APIVersion)}
	}
	label, err := DownwardAPIFieldLabel(fs.FieldPath)
	if err != nil {
		return field.ErrorList{field.Invalid(at, fs.FieldPath, fmt.Sprintf("error converting fieldPath: %v", err))}
	}
	if path, subscript, ok := SplitSubscript(label); ok {
		if path == "metadata.annotations" {
			subscript = strings.ToLower(subscript)
		}
		return ValidateQualifiedName(subscript, p)
	}
	if !allowed.Has(label) {
		return field.ErrorList{field.NotSupported(at, label, sets.List(allowed))}
	}
	return nil
}

// ContainerResourceFields returns the requests and limits that the downward API
// can expose to a container. It can also expose those of huge pages, which are
// not in the set.
func ContainerResourceFields() sets.Set[string] {
	return sets.New("limits.cpu", "limits.memory", "limits.ephemeral-storage",
		"requests.cpu", "requests.memory", "requests.ephemeral-storage")
}

// ValidateResourceFieldSelector checks a reference to a request or limit of a
// container. In a volume, the reference must name the container.
func ValidateResourceFieldSelector(fs *corev1.ResourceFieldSelector, allowed sets.Set[string], p *field.Path, volume bool) field.ErrorList {
	switch {
	case volume && fs.ContainerName == "":
		return field.ErrorList{field.Required(p.Child("containerName"), "")}
	case fs.Resource == "":
		return field.ErrorList{field.Required(p.Child("resource"), "")}
	case !allowed.Has(fs.Resource) && !isHugePageField(fs.Resource):
		return field.ErrorList{field.NotSupported(p.Child("resource"), fs.Resource, sets.List(allowed))}
	}
	return validateDivisor(fs, p.Child("divisor"))
}

func isHugePageField(name string) bool {
	return strings.HasPrefix(name, "limits."+corev1.ResourceHugePagesPrefix) || strings.HasPrefix(name, requestsHugePagesPrefix)
}

// validateDivisor checks that the divisor is a valid unit for the resource.
func validateDivisor(fs *corev1.ResourceFieldSelector, p *field.Path) field.ErrorList {
	if fs.Divisor.IsZero() {
		return nil
	}
	_, name, _ := strings.Cut(fs.Resource, ".")
	kind, units := name, []string{"1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"}
	switch {
	case name == string(corev1.ResourceCPU):
		units = []string{"1m", "1"}
	case name == string(corev1.ResourceEphemeralStorage):
		kind = "local ephemeral storage"
	case isHugePageField(fs.Resource):
		kind = "hugepages"
	}
	if slices.ContainsFunc(units, func(u string) bool { return fs.Divisor.Cmp(resource.MustParse(u)) == 0 }) {
		return nil
	}
	list := strings.Join(units, ", ")
	if len(units) == 2 {
		list = strings.Join(units, " and ")
	}
	return field.ErrorList{field.Invalid(p, fs.Resource, fmt.Sprintf("only divisor's values %s are supported with the %s resource", list, kind))}
}
