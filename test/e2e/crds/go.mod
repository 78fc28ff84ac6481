// The modules whose custom resources are tried on the server, by
// TestDefinitionsOfProjects and TestManifestsOfProjects. Nothing of them is compiled.
module github.com/gatehouse-k8s/gatehouse/test/e2e/crds

go 1.26.0

require (
	github.com/argoproj/argo-cd/v2 v2.14.21
	github.com/cert-manager/cert-manager v1.21.2
	github.com/crossplane/crossplane v1.20.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/cluster-api v1.14.2
	sigs.k8s.io/gateway-api v1.4.0
)
