package imagepolicy

import (
	"fmt"
	"io"
	"time"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// configuration is the value of imagePolicy in the configuration of the plugin.
type configuration struct {
	KubeConfigFile string `json:"kubeConfigFile"`
	// AllowTTL and DenyTTL are how many seconds an answer is remembered, and
	// RetryBackoff is how many milliseconds pass until the first retry. 0 is the
	// default, and -1 is none.
	AllowTTL     int64 `json:"allowTTL"`
	DenyTTL      int64 `json:"denyTTL"`
	RetryBackoff int64 `json:"retryBackoff"`
	// DefaultAllow admits pods when the backend cannot be asked.
	DefaultAllow bool `json:"defaultAllow"`
}

// settings are the values of a configuration.
type settings struct {
	configuration
	allow, deny, backoff time.Duration
}

func readConfig(config io.Reader) (settings, error) {
	var file struct {
		ImagePolicy configuration `json:"imagePolicy"`
	}
	if err := admission.DecodeConfig(config, &file); err != nil {
		return settings{}, err
	}
	s := settings{configuration: file.ImagePolicy}
	for _, value := range []struct {
		into              *time.Duration
		number            int64
		unit, standard    time.Duration
		shortest, longest time.Duration
	}{
		{&s.backoff, s.RetryBackoff, time.Millisecond, 500 * time.Millisecond, 1, 5 * time.Minute},
		{&s.allow, s.AllowTTL, time.Second, 5 * time.Minute, time.Second, 30 * time.Minute},
		{&s.deny, s.DenyTTL, time.Second, 30 * time.Second, time.Second, 30 * time.Minute},
	} {
		switch value.number {
		case 0:
			*value.into = value.standard
		case -1:
		default:
			*value.into = time.Duration(value.number) * value.unit
			if *value.into < value.shortest || *value.into > value.longest {
				return settings{}, fmt.Errorf("valid value is between %v and %v, got %v", value.shortest, value.longest, *value.into)
			}
		}
	}
	return s, nil
}
