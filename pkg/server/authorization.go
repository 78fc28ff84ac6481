package server

import (
	"context"
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apiserver/pkg/server/egressselector"

	"github.com/gatehouse-k8s/gatehouse/pkg/authorization"
	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/rbac"
)

// applyAuthorization builds the chain of authorizers. It also returns the RBAC
// rules, which are empty if roles are not served.
func applyAuthorization(b *base) (rules *rbac.Resolver, err error) {
	o, g := b.options.Authorization, b.generic
	rules = rbac.Empty()
	if b.enabled.Serves(rbacv1.SchemeGroupVersion.WithResource("clusterroles")) {
		if rules, err = rbac.New(b.informers.Rbac().V1()); err != nil {
			return nil, err
		}
	}
	config := authorization.Config{
		PolicyFile: o.PolicyFile, RBAC: rules, Client: b.client, Served: b.enabled.Serves, ServerID: g.APIServerID,
	}
	if g.EgressSelector != nil {
		if config.Dial, err = g.EgressSelector.Lookup(egressselector.ControlPlane.AsNetworkContext()); err != nil {
			return nil, err
		}
	}
	// The watches of the authorizers end when the server stops, or when it is
	// closed without having run.
	ctx, cancel := context.WithCancel(context.Background())
	b.life.runs(func(run context.Context) { context.AfterFunc(run, cancel) })
	b.life.onClose(cancel)
	var all authorization.Authorizer
	if o.ConfigFile != "" {
		all, err = config.NewFromFile(ctx, o.ConfigFile)
		if err != nil {
			err = fmt.Errorf("--authorization-config: %w", err)
		}
	} else {
		all, err = config.New(ctx, o.Authorizers())
		if err != nil {
			err = fmt.Errorf("--authorization-mode: %w", err)
		}
	}
	if err != nil {
		return nil, err
	}
	g.Authorization.Authorizer, g.RuleResolver = all, all
	return rules, nil
}

// alwaysAllows reports whether everybody may do everything.
func alwaysAllows(b *base) bool {
	o := b.options.Authorization
	return slices.Contains(o.Modes, authorization.ModeAlwaysAllow) || o.ConfigFile != "" && authorization.FileHas(o.ConfigFile, authorization.ModeAlwaysAllow)
}
