package volume

import (
	"path"
	"slices"
	"strings"

	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateNoBacksteps checks that no element of the path is "..". Both slashes
// and backslashes separate elements, because the path may be one of Windows.
func validateNoBacksteps(value string, p *field.Path) field.ErrorList {
	if slices.Contains(strings.Split(strings.ReplaceAll(value, `\`, "/"), "/"), "..") {
		return field.ErrorList{field.Invalid(p, value, "must not contain '..'")}
	}
	return nil
}

// ValidateLocalDescendingPath checks that the path is relative and does not
// leave the directory that it is relative to.
func ValidateLocalDescendingPath(value string, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if path.IsAbs(value) {
		errs = append(errs, field.Invalid(p, value, "must be a relative path"))
	}
	return append(errs, validateNoBacksteps(value, p)...)
}

// validateLocalNonReservedPath also refuses paths that start with two dots. The
// kubelet uses such names for replacing the content of a volume atomically.
func validateLocalNonReservedPath(value string, p *field.Path) field.ErrorList {
	errs := ValidateLocalDescendingPath(value, p)
	if strings.HasPrefix(value, "..") && !strings.HasPrefix(value, "../") && value != ".." {
		errs = append(errs, field.Invalid(p, value, "must not start with '..'"))
	}
	return errs
}

// validateFileMode checks the permission bits of a file. The mode may be nil.
func validateFileMode(mode *int32, p *field.Path) field.ErrorList {
	if mode != nil && (*mode < 0 || *mode > 0o777) {
		return field.ErrorList{field.Invalid(p, *mode, "must be a number between 0 and 0777 (octal), both inclusive")}
	}
	return nil
}

// validateUnit checks a logical unit number or a partition number.
func validateUnit(n int32, lowest int, p *field.Path) field.ErrorList {
	if n < 0 || n > 255 {
		return field.ErrorList{field.Invalid(p, n, utilvalidation.InclusiveRangeError(lowest, 255))}
	}
	return nil
}
