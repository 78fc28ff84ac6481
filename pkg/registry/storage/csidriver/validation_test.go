package csidriver

import (
	"testing"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

// TestValidation has answers of kube-apiserver that are not among the recorded
// ones.
func TestValidation(t *testing.T) { registrytest.Validate(t, "testdata/validation.txt", Resource, nil) }
