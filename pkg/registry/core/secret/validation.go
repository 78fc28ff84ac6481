package secret

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

const (
	frozen   = "field is immutable when `immutable` is set"
	redacted = "<secret contents redacted>"
)

var (
	metaPath = field.NewPath("metadata")
	dataPath = field.NewPath("data")
)

// validateUpdate refuses changes of the type, and of the data of an immutable
// secret.
func validateUpdate(_ context.Context, s, old *corev1.Secret) field.ErrorList {
	errs := apivalidation.ValidateImmutableField(s.Type, old.Type, field.NewPath("type"))
	if ptr.Deref(old.Immutable, false) {
		if !ptr.Deref(s.Immutable, false) {
			errs = append(errs, field.Forbidden(field.NewPath("immutable"), frozen))
		}
		if !reflect.DeepEqual(s.Data, old.Data) {
			errs = append(errs, field.Forbidden(dataPath, frozen))
		}
	}
	return errs
}

// validate checks the keys, the total size of the values, and the keys that the
// type of the secret requires.
func validate(_ context.Context, s *corev1.Secret) field.ErrorList {
	var errs field.ErrorList
	size := 0
	for _, key := range slices.Sorted(maps.Keys(s.Data)) {
		errs = append(errs, validation.ValidateConfigMapKey(key, dataPath.Key(key))...)
		size += len(s.Data[key])
	}
	if size > corev1.MaxSecretSize {
		errs = append(errs, field.TooLong(dataPath, "", corev1.MaxSecretSize))
	}
	return append(errs, validateType(s)...)
}

func validateType(s *corev1.Secret) field.ErrorList {
	switch s.Type {
	case corev1.SecretTypeServiceAccountToken:
		if s.Annotations[corev1.ServiceAccountNameKey] == "" {
			return field.ErrorList{field.Required(metaPath.Child("annotations").Key(corev1.ServiceAccountNameKey), "")}
		}
	case corev1.SecretTypeDockercfg:
		return requireJSON(s, corev1.DockerConfigKey)
	case corev1.SecretTypeDockerConfigJson:
		return requireJSON(s, corev1.DockerConfigJsonKey)
	case corev1.SecretTypeBasicAuth:
		if !has(s, corev1.BasicAuthUsernameKey) && !has(s, corev1.BasicAuthPasswordKey) {
			return require(s, corev1.BasicAuthUsernameKey, corev1.BasicAuthPasswordKey)
		}
	case corev1.SecretTypeSSHAuth:
		if len(s.Data[corev1.SSHAuthPrivateKey]) == 0 {
			return field.ErrorList{field.Required(dataPath.Key(corev1.SSHAuthPrivateKey), "")}
		}
	case corev1.SecretTypeTLS:
		return require(s, corev1.TLSCertKey, corev1.TLSPrivateKeyKey)
	}
	return nil
}

func has(s *corev1.Secret, key string) bool {
	_, ok := s.Data[key]
	return ok
}

// require reports keys that are missing. Their values may be empty.
func require(s *corev1.Secret, keys ...string) field.ErrorList {
	var errs field.ErrorList
	for _, key := range keys {
		if !has(s, key) {
			errs = append(errs, field.Required(dataPath.Key(key), ""))
		}
	}
	return errs
}

// requireJSON checks that the value of the key is a JSON object.
func requireJSON(s *corev1.Secret, key string) field.ErrorList {
	if errs := require(s, key); len(errs) > 0 {
		return errs
	}
	if err := json.Unmarshal(s.Data[key], &map[string]any{}); err != nil {
		return field.ErrorList{field.Invalid(dataPath.Key(key), redacted, err.Error())}
	}
	return nil
}
