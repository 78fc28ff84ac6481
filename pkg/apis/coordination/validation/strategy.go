// Package validation has the rules that the resources of coordination.k8s.io
// share.
package validation

import (
	"strings"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// ValidateStrategy checks that the strategy of a coordinated leader election is
// the built-in one or a name with a domain as prefix. None is allowed too.
func ValidateStrategy(strategy coordinationv1.CoordinatedLeaseStrategy, p *field.Path) field.ErrorList {
	switch {
	case strategy == "", strategy == coordinationv1.OldestEmulationVersion:
		return nil
	case !strings.Contains(string(strategy), "/"):
		return field.ErrorList{field.NotSupported(p, strategy, []coordinationv1.CoordinatedLeaseStrategy{coordinationv1.OldestEmulationVersion})}
	}
	return validation.ValidateQualifiedName(string(strategy), p)
}
