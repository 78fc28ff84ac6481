package volume

import (
	"path"
	"slices"
	"strings"

	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateNoBacksteps checks that no element of the path is "..". Windows
// paths are split at backslashes as well.
func validateNoBacksteps(value string, p *field.Path) field.ErrorList {
	if slices.Contains(strings.Split(strings.ReplaceAll(value, `\`, "/"), "/"), "..") {
		return field.ErrorList{field.Invalid(p, value, "must not contain '..'")}
	}
	return nil
}

// ValidateLocalDescendingPath checks that the path stays below the directory
// that it is relative to.
func ValidateLocalDescendingPath(value string, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if path.IsAbs(value) {
		errs = append(errs, field.Invalid(p, value, "must be a relative path"))
	}
	return append(errs, validateNoBacksteps(value, p)...)
}

// validateLocalNonReservedPath also keeps the names free that kubelets use to
// replace the content of a volume at once: those that start with two dots.
func validateLocalNonReservedPath(value string, p *field.Path) field.ErrorList {
	errs := ValidateLocalDescendingPath(value, p)
	if strings.HasPrefix(value, "..") && !strings.HasPrefix(value, "../") && value != ".." {
		errs = append(errs, field.Invalid(p, value, "must not start with '..'"))
	}
	return errs
}

// validateFileMode checks the mode of a file, if there is one.
func validateFileMode(mode *int32, p *field.Path) field.ErrorList {
	if mode != nil && (*mode < 0 || *mode > 0o777) {
		return field.ErrorList{field.Invalid(p, *mode, "must be a number between 0 and 0777 (octal), both inclusive")}
	}
	return nil
}

// validateUnit checks the number of a logical unit or a partition.
func validateUnit(n int32, lowest int, p *field.Path) field.ErrorList {
	if n < 0 || n > 255 {
		return field.ErrorList{field.Invalid(p, n, utilvalidation.InclusiveRangeError(lowest, 255))}
	}
	return nil
}
