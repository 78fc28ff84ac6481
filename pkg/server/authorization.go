package server

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/authorization"
	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/rbac"
)

func (c *Config) applyAuthorization() (err error) {
	if c.rbac, err = rbac.New(c.informers.Rbac().V1()); err != nil {
		return err
	}
	g := c.Generic
	g.Authorization.Authorizer, g.RuleResolver, err = authorization.Config{Modes: c.Options.Authorization.Modes, RBAC: c.rbac}.New()
	return err
}
