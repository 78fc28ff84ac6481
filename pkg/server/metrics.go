package server

import (
	// These packages add metrics of the libraries that they are named after to those that
	// the process serves.
	_ "k8s.io/component-base/metrics/prometheus/restclient"
	_ "k8s.io/component-base/metrics/prometheus/version"
)
