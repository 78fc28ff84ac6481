package options

import (
	"strings"

	"github.com/blang/semver/v4"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/component-base/metrics"
	metricsapi "k8s.io/component-base/metrics/api/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/version"
)

// metricsOptions are those of the library, validated with the version of Kubernetes that this server
// is. The library takes the version that was set when the binary was linked.
type metricsOptions struct{ *metrics.Options }

// Validate returns an error for each invalid flag.
func (o metricsOptions) Validate() []error {
	errs := metricsapi.Validate(&o.MetricsConfiguration, semver.MustParse(strings.TrimPrefix(version.Kubernetes, "v")), field.NewPath("metrics"))
	if len(errs) == 0 {
		return nil
	}
	return errs.ToAggregate().Errors()
}
