package storage

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/util/wait"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/healthz"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/server/options/encryptionconfig"
	"k8s.io/apiserver/pkg/server/options/encryptionconfig/controller"
	encryptionmetrics "k8s.io/apiserver/pkg/server/options/encryptionconfig/metrics"
)

// encryption is how the resources are encrypted in etcd.
type encryption struct {
	// checks tell the health of key management services.
	checks []healthz.HealthChecker
	// close ends the connections to the services.
	close func()
}

// applyEncryption sets how the configuration's resources are encrypted in etcd, as
// --encryption-provider-config says. EtcdOptions does the same, but adds the health
// checks only together with one for an external etcd.
func applyEncryption(o genericoptions.EtcdOptions, c *genericapiserver.Config) (_ *encryption, err error) {
	if o.EncryptionProviderConfigFilepath == "" {
		return &encryption{close: func() {}}, nil
	}
	served := wait.ContextForChannel(c.DrainedNotify())
	ctx, cancel := context.WithCancel(served)
	defer func() {
		if err != nil {
			cancel()
		}
	}()
	loaded, err := encryptionconfig.LoadEncryptionConfig(ctx, o.EncryptionProviderConfigFilepath, o.EncryptionProviderConfigAutomaticReload, c.APIServerID)
	if err != nil {
		return nil, fmt.Errorf("--encryption-provider-config: %w", err)
	}
	encryptionmetrics.RecordEncryptionConfigLastConfigInfo(c.APIServerID, loaded.EncryptionFileContentHash)
	if !o.EncryptionProviderConfigAutomaticReload {
		c.ResourceTransformers = encryptionconfig.StaticTransformers(loaded.Transformers)
		return &encryption{loaded.HealthChecks, cancel}, nil
	}
	if len(loaded.HealthChecks) != 1 {
		return nil, errors.New("--encryption-provider-config-automatic-reload: the library has not combined the health checks")
	}
	dynamic := encryptionconfig.NewDynamicTransformers(loaded.Transformers, loaded.HealthChecks[0], cancel, loaded.KMSCloseGracePeriod)
	c.ResourceTransformers = dynamic
	reload := controller.NewDynamicEncryptionConfiguration("encryption-provider-config-automatic-reload-controller",
		o.EncryptionProviderConfigFilepath, dynamic, loaded.EncryptionFileContentHash, c.APIServerID)
	err = c.AddPostStartHook("start-encryption-provider-config-automatic-reload", func(genericapiserver.PostStartHookContext) error {
		go reload.Run(served)
		return nil
	})
	return &encryption{[]healthz.HealthChecker{dynamic}, cancel}, err
}

// addChecks adds the health checks to /healthz and /readyz, but not to /livez: to
// restart this server would not help.
func (e *encryption) addChecks(c *genericapiserver.Config) {
	c.HealthzChecks = append(c.HealthzChecks, e.checks...)
	c.ReadyzChecks = append(c.ReadyzChecks, e.checks...)
}
