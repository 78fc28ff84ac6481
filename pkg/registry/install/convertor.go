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
		return "", "", fmt.Errorf("field label not supported: %s", label)
	}
	return label, value, nil
}
