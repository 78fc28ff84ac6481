package admission

import (
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// DecodeConfig reads the configuration of a plugin, which is YAML or JSON, into a
// struct. It leaves the struct alone if there is no configuration.
func DecodeConfig(config io.Reader, into any) error {
	if config == nil {
		return nil
	}
	data, err := io.ReadAll(config)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(data, into)
}

// DecodeKind is DecodeConfig for a configuration that says of which version and
// kind it is. Another than the given one is an error.
func DecodeKind(config io.Reader, want schema.GroupVersionKind, into any) error {
	if config == nil {
		return nil
	}
	data, err := io.ReadAll(config)
	if err != nil {
		return err
	}
	var have metav1.TypeMeta
	if err := yaml.Unmarshal(data, &have); err != nil {
		return err
	}
	if have.GroupVersionKind() != want {
		return fmt.Errorf("no kind %q is registered for version %q", have.Kind, have.APIVersion)
	}
	return yaml.Unmarshal(data, into)
}
