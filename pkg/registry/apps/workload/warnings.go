package workload

import (
	"fmt"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// WarnOfName warns of a name that its pods cannot have as their hostname.
func WarnOfName(name string) []string {
	messages := apivalidation.NameIsDNSLabel(name, false)
	if len(messages) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: %v",
		field.NewPath("metadata", "name"), messages)}
}
