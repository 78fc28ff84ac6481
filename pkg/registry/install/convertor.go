package install

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// convertor converts with the scheme, but takes the labels of field selectors
// from the definitions of the resources.
type convertor struct {
	*runtime.Scheme
	labels map[schema.GroupVersionKind]map[string]bool
}

// ConvertFieldLabel implements runtime.ObjectConvertor.
func (c convertor) ConvertFieldLabel(gvk schema.GroupVersionKind, label, value string) (string, string, error) {
	labels, ok := c.labels[gvk]
	if !ok {
		return c.Scheme.ConvertFieldLabel(gvk, label, value)
	}
	if !labels[label] {
		return "", "", unknownLabel(gvk, label)
	}
	return label, value, nil
}

// unknownLabel returns the error for a label that cannot be selected. kube-apiserver words it
// differently for two resources.
func unknownLabel(gvk schema.GroupVersionKind, label string) error {
	switch gvk.GroupKind() {
	case schema.GroupKind{Group: "batch", Kind: "Job"}:
		return fmt.Errorf("field label %q not supported for Job", label)
	case schema.GroupKind{Group: "resource.k8s.io", Kind: "ResourceSlice"}:
		return fmt.Errorf("field label not supported for %s: %s", gvk, label)
	}
	return fmt.Errorf("field label not supported: %s", label)
}
