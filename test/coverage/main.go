// Command coverage writes docs/api-coverage.md: every resource with its versions and
// operations, and how many of the recorded requests are answered as kube-apiserver
// answers them. Run it in the root of the repository, by "make generate".
package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/groups"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

const target = "docs/api-coverage.md"

func main() {
	klog.SetLogger(logr.Discard())
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "coverage:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	p := &page{on: map[string]bool{}}
	var gates []string
	for _, group := range groups.All(groups.Needs{}) {
		p.groups = append(p.groups, group)
		for _, definition := range group.Resources {
			if gate := definition.Info().Gate; gate != "" && !slices.Contains(gates, string(gate)+"=true") {
				p.on[string(gate)] = features.Enabled(gate)
				gates = append(gates, string(gate)+"=true")
			}
		}
	}
	dir, err := os.MkdirTemp("", "coverage")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	args := []string{"--runtime-config=api/all=true", "--data-dir=" + dir}
	if gates != nil {
		args = append(args, "--feature-gates="+strings.Join(gates, ","))
	}
	server, err := testserver.New(ctx, testserver.Options{Flags: args})
	if err != nil {
		return err
	}
	p.served, err = discover(ctx, server)
	if stopped := server.Stop(); err == nil {
		err = stopped
	}
	if err != nil {
		return err
	}
	if err := p.readScores(); err != nil {
		return err
	}
	if err := os.MkdirAll(path.Dir(target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(target, p.write(), 0o644)
}

// resource is what discovery says about a resource in a version.
type resource struct {
	verbs        []string
	subresources []string
}

// discover asks a server for all resources.
func discover(ctx context.Context, server *testserver.Server) (map[schema.GroupVersionResource]resource, error) {
	client, err := kubernetes.NewForConfig(server.Config)
	if err != nil {
		return nil, err
	}
	served := map[schema.GroupVersionResource]resource{}
	for _, root := range []string{"/api", "/apis"} {
		var list apidiscoveryv2.APIGroupDiscoveryList
		request := client.RESTClient().Get().AbsPath(root).SetHeader("Accept", discovery.AcceptV2)
		if err := request.Do(ctx).Into(&list); err != nil {
			return nil, err
		}
		for _, group := range list.Items {
			for _, version := range group.Versions {
				for _, r := range version.Resources {
					var subresources []string
					for _, sub := range r.Subresources {
						subresources = append(subresources, sub.Subresource)
					}
					served[schema.GroupVersionResource{Group: group.Name, Version: version.Version, Resource: r.Resource}] = resource{r.Verbs, subresources}
				}
			}
		}
	}
	return served, nil
}

// preferred is the version of a group in which discovery has a resource first.
func (p *page) preferred(group registry.Group, name string) (schema.GroupVersionResource, bool) {
	for _, version := range group.Versions {
		gvr := group.GroupVersion(version).WithResource(name)
		if _, ok := p.served[gvr]; ok {
			return gvr, true
		}
	}
	return schema.GroupVersionResource{}, false
}
