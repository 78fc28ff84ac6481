package authorization

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/apis/apiserver/load"
	"k8s.io/apiserver/pkg/apis/apiserver/validation"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/server/options/authorizationconfig/metrics"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/filewatch"
)

// fileAuthorizer is the chain of the last valid configuration in a file.
type fileAuthorizer struct {
	authorizer.AuthorizerFunc
	*builder
	current atomic.Pointer[chain]
	// types are the authorizers that a reload must neither add nor remove.
	types []string
}

// NewFromFile returns the chain of an AuthorizationConfiguration in a file. The
// file is read again when it changes. A valid configuration replaces the
// current one; an invalid one is logged and counted. A reload may change and
// reorder the authorizers, but must not add or remove any except webhooks.
func (c Config) NewFromFile(ctx context.Context, file string) (Authorizer, error) {
	metrics.RegisterMetrics()
	f := &fileAuthorizer{builder: c.builder(ctx)}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	config, err := f.parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	all, err := f.chain(config.Authorizers)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	f.AuthorizerFunc = func(ctx context.Context, attrs authorizer.Attributes) (authorizer.Decision, string, error) {
		return f.current.Load().Authorize(ctx, attrs)
	}
	f.types = fixedTypes(config)
	f.current.Store(all)
	metrics.RecordAuthorizationConfigLastConfigInfo(c.ServerID, string(data))
	go filewatch.Watch(ctx, file, data, func(data []byte) {
		if err := f.reload(data); err != nil {
			klog.FromContext(ctx).Error(err, "Failed to reload the authorization configuration, the previous one stays in effect", "file", file)
			metrics.RecordAuthorizationConfigAutomaticReloadFailure(c.ServerID)
			return
		}
		klog.FromContext(ctx).Info("Reloaded the authorization configuration", "file", file)
		metrics.RecordAuthorizationConfigAutomaticReloadSuccess(c.ServerID, string(data))
	})
	return f, nil
}

// RulesFor implements authorizer.RuleResolver.
func (f *fileAuthorizer) RulesFor(ctx context.Context, u user.Info,
	namespace string) ([]authorizer.ResourceRuleInfo, []authorizer.NonResourceRuleInfo, bool, error) {
	return f.current.Load().RulesFor(ctx, u, namespace)
}

// reload puts a configuration into effect. It must not be called concurrently.
func (f *fileAuthorizer) reload(data []byte) error {
	config, err := f.parse(data)
	if err != nil {
		return err
	}
	if types := fixedTypes(config); !slices.Equal(types, f.types) {
		return fmt.Errorf("a reload must not add or remove authorizers other than webhooks: the types are now %v and were %v", types, f.types)
	}
	all, err := f.chain(config.Authorizers)
	if err != nil {
		return err
	}
	f.current.Store(all)
	return nil
}

// parse reads and validates a configuration.
func (b *builder) parse(data []byte) (*apiserver.AuthorizationConfiguration, error) {
	config, err := load.LoadFromData(data)
	if err != nil {
		return nil, err
	}
	errs := validation.ValidateAuthorizationConfiguration(b.compiler, nil, config, sets.New(Modes()...), sets.New(ModeWebhook))
	for i, a := range config.Authorizers {
		// A connection of type InClusterConfig would lead back to this server.
		if a.Webhook != nil && a.Webhook.ConnectionInfo.Type == apiserver.AuthorizationWebhookConnectionInfoTypeInCluster {
			errs = append(errs, field.Invalid(field.NewPath("authorizers").Index(i).Child("connectionInfo", "type"),
				a.Webhook.ConnectionInfo.Type, "not allowed for kube-apiserver, which would ask itself"))
		}
	}
	return config, errs.ToAggregate()
}

// fixedTypes returns the sorted types of all authorizers except webhooks.
func fixedTypes(config *apiserver.AuthorizationConfiguration) []string {
	var types []string
	for _, a := range config.Authorizers {
		if a.Type != apiserver.TypeWebhook {
			types = append(types, string(a.Type))
		}
	}
	slices.Sort(types)
	return types
}

// FileHas reports whether the configuration in a file contains an authorizer of
// the given type. It returns false if the file cannot be read.
func FileHas(file, authorizerType string) bool {
	config, err := load.LoadFromFile(file)
	return err == nil && slices.ContainsFunc(config.Authorizers, func(a apiserver.AuthorizerConfiguration) bool {
		return string(a.Type) == authorizerType
	})
}
