package storageversionmigration

import (
	"testing"

	storagemigrationv1 "k8s.io/api/storagemigration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

// TestValidation runs a transcript: see registrytest.Validate.
func TestValidation(t *testing.T) {
	registrytest.Validate(t, "testdata/validation.txt", Resource, func() object {
		return &storagemigrationv1.StorageVersionMigration{ObjectMeta: metav1.ObjectMeta{Name: "m", ResourceVersion: "1"},
			Spec: storagemigrationv1.StorageVersionMigrationSpec{Resource: metav1.GroupResource{Group: "apps", Resource: "deployments"}}}
	})
}

func TestState(t *testing.T) {
	for name, c := range map[string]struct {
		conditions []metav1.Condition
		want       string
	}{
		"new":       {nil, "Unknown"},
		"running":   {[]metav1.Condition{{Type: "Running", Status: "True"}, {Type: "Succeeded", Status: "False"}}, "Running"},
		"stopped":   {[]metav1.Condition{{Type: "Odd", Status: "True"}, {Type: "Running", Status: "False"}}, "Unknown"},
		"failed":    {[]metav1.Condition{{Type: "Running", Status: "True"}, {Type: "Failed", Status: "True"}}, "Failed"},
		"succeeded": {[]metav1.Condition{{Type: "Running", Status: "True"}, {Type: "Succeeded", Status: "True"}}, "Succeeded"},
	} {
		m := &storagemigrationv1.StorageVersionMigration{Status: storagemigrationv1.StorageVersionMigrationStatus{Conditions: c.conditions}}
		if got := state(m); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
