package app

import "k8s.io/component-base/metrics"

// applyMetrics applies the flags of metrics to the process. It does what their own Apply does,
// without its error message about a manifest that no flag names.
func applyMetrics(o *metrics.Options) {
	if o.ShowHiddenMetricsForVersion != "" {
		metrics.SetShowHidden()
	}
	metrics.SetDisabledMetrics(o.DisabledMetrics)
	switch {
	case o.AllowListMapping != nil:
		metrics.SetLabelAllowList(o.AllowListMapping)
	case o.AllowListMappingManifest != "":
		metrics.SetLabelAllowListFromManifest(o.AllowListMappingManifest)
	}
}
