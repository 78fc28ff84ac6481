package openapi

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	openapiutil "k8s.io/kube-openapi/pkg/util"
)

func TestDefinitionsLeaveOutTheHub(t *testing.T) {
	_, extensions := New("v1").name(openapiutil.GetCanonicalTypeName(&appsv1.Deployment{}))
	kinds, _ := extensions[kindsExtension].([]any)
	if len(kinds) != 1 || kinds[0].(map[string]any)["version"] != "v1" {
		t.Errorf("kinds of Deployment: %v", kinds)
	}
}
