package server

import (
	"context"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/loops"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/bootstrap"
)

// begin waits until the embedded etcd is ready, and writes the first objects of a new cluster.
func begin(ctx context.Context, b *base, p *parts) error {
	if b.etcd == nil {
		return nil
	}
	if err := sow(ctx, b, p); err != nil {
		return fmt.Errorf("the first objects: %w", err)
	}
	return b.etcd.Ready(ctx)
}

// sow writes the first objects of a new cluster. If requests are audited, it does not:
// then all objects are created by requests, of which the audit log tells.
func sow(ctx context.Context, b *base, p *parts) error {
	if p.stored.Sow == nil || b.options.Audit.PolicyFile != "" || b.options.Embedding.Audit != nil {
		return nil
	}
	seeds, err := needs(b, p).Seed(b.clock.Now())
	if err != nil {
		return err
	}
	return p.stored.Sow(ctx, seeds)
}

// needs is what the first objects, and the hooks that keep them, are made with.
func needs(b *base, p *parts) bootstrap.Needs {
	versions := map[schema.GroupVersion]bool{}
	b.enabled.Each(func(group registry.Group, version registry.Version) { versions[group.GroupVersion(version)] = true })
	n := bootstrap.Needs{
		Client: b.client, Informers: b.informers, Objects: b.objects, Services: p.services,
		Serves: b.enabled.Serves, ServesVersion: func(gv schema.GroupVersion) bool { return versions[gv] },
		Controls:       func(name string) bool { return loops.All().Runs(name, b.options.Controllers, b.enabled.Serves) },
		RootCA:         func() ([]byte, error) { return os.ReadFile(rootCAFile(b)) },
		Authentication: bootstrap.AuthenticationInfo{ClientCA: p.clientCA, RequestHeader: b.generic.Authentication.RequestHeaderConfig},
	}
	if p.peers != nil {
		n.Identify = p.peers.Annotate
	}
	return n
}
