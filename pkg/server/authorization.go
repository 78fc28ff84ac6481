package server

import (
	"context"
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/server/egressselector"

	"github.com/gatehouse-k8s/gatehouse/pkg/authorization"
	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/rbac"
)

func (c *Config) applyAuthorization() (err error) {
	o, g := c.Options.Authorization, c.Generic
	if c.serves(rbacv1.SchemeGroupVersion.WithResource("clusterroles")) {
		if c.rbac, err = rbac.New(c.informers.Rbac().V1()); err != nil {
			return err
		}
	} else {
		c.rbac = rbac.Empty()
	}
	config := authorization.Config{
		PolicyFile: o.PolicyFile, RBAC: c.rbac, Client: c.client, Served: c.serves, ServerID: g.APIServerID,
	}
	if g.EgressSelector != nil {
		if config.Dial, err = g.EgressSelector.Lookup(egressselector.ControlPlane.AsNetworkContext()); err != nil {
			return err
		}
	}
	// What the authorizers watch ends with the server, or when it never ran.
	ctx, cancel := context.WithCancel(context.Background())
	c.background = append(c.background, func(run context.Context) { context.AfterFunc(run, cancel) })
	c.closers = append(c.closers, cancel)
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
		return err
	}
	g.Authorization.Authorizer, g.RuleResolver = all, all
	return nil
}

// alwaysAllows reports whether everybody may do everything.
func (c *Config) alwaysAllows() bool {
	o := c.Options.Authorization
	return slices.Contains(o.Modes, authorization.ModeAlwaysAllow) || o.ConfigFile != "" && authorization.FileHas(o.ConfigFile, authorization.ModeAlwaysAllow)
}

// serves reports whether a resource is built in and enabled.
func (c *Config) serves(resource schema.GroupVersionResource) bool {
	if !c.Generic.MergedResourceConfig.ResourceEnabled(resource) {
		return false
	}
	for _, group := range c.Groups {
		if group.Name != resource.Group {
			continue
		}
		for _, version := range group.Versions {
			for _, definition := range version.Resources {
				if version.Name == resource.Version && definition.GroupVersionResource().Resource == resource.Resource {
					return true
				}
			}
		}
	}
	return false
}
