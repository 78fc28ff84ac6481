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

// applyEncryption sets how the configuration's resources are encrypted in etcd, as
// --encryption-provider-config says. It adds the health checks of key management
// services to /healthz and /readyz, but not to /livez: a restart of this server
// would not help. EtcdOptions does the same, but only together with a health check
// for an external etcd. The returned function ends the connections to the services.
func applyEncryption(o genericoptions.EtcdOptions, c *genericapiserver.Config) (_ func(), err error) {
	if o.EncryptionProviderConfigFilepath == "" {
		return func() {}, nil
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
		addServiceChecks(c, loaded.HealthChecks...)
		return cancel, nil
	}
	if len(loaded.HealthChecks) != 1 {
		return nil, errors.New("--encryption-provider-config-automatic-reload: the library has not combined the health checks")
	}
	dynamic := encryptionconfig.NewDynamicTransformers(loaded.Transformers, loaded.HealthChecks[0], cancel, loaded.KMSCloseGracePeriod)
	c.ResourceTransformers = dynamic
	addServiceChecks(c, dynamic)
	reload := controller.NewDynamicEncryptionConfiguration("encryption-provider-config-automatic-reload-controller",
		o.EncryptionProviderConfigFilepath, dynamic, loaded.EncryptionFileContentHash, c.APIServerID)
	return cancel, c.AddPostStartHook("start-encryption-provider-config-automatic-reload", func(genericapiserver.PostStartHookContext) error {
		go reload.Run(served)
		return nil
	})
}

func addServiceChecks(c *genericapiserver.Config, checks ...healthz.HealthChecker) {
	c.HealthzChecks = append(c.HealthzChecks, checks...)
	c.ReadyzChecks = append(c.ReadyzChecks, checks...)
}
