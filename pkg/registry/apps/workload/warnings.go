package workload

import (
	"fmt"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// WarnOfName returns a warning if the name of a workload is not valid as host
// name of its pods.
func WarnOfName(name string) []string {
	messages := apivalidation.NameIsDNSLabel(name, false)
	if len(messages) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: %v",
		field.NewPath("metadata", "name"), messages)}
}
