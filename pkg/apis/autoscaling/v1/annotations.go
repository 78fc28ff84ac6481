package v1

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	autoscalingv1 "k8s.io/api/autoscaling/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/quantities"
)

// annotated decodes the JSON value of an annotation. It returns false if the
// annotation does not exist, or if it is not JSON of the type T, or has a quantity
// that must not be parsed; such an annotation has no effect.
func annotated[T any](obj *autoscalingv1.HorizontalPodAutoscaler, key string) (T, bool) {
	var value T
	text, found := obj.Annotations[key]
	if !found || quantities.CheckJSON(strings.NewReader(text), reflect.TypeFor[T]()) != nil || json.Unmarshal([]byte(text), &value) != nil {
		return *new(T), false
	}
	return value, true
}

// annotate sets an annotation to the JSON encoding of a value.
func annotate(obj *autoscalingv1.HorizontalPodAutoscaler, key string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("annotation %s: %w", key, err)
	}
	if obj.Annotations == nil {
		obj.Annotations = map[string]string{}
	}
	obj.Annotations[key] = string(text)
	return nil
}
