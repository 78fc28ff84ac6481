package server

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/apiserver/pkg/server/egressselector"
	"k8s.io/client-go/transport"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/aggregator"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// applyAggregator makes what stands in front of the server's own APIs. Without
// apiservices nothing does.
func (c *Config) applyAggregator() error {
	if !c.serves(apiregistrationv1.SchemeGroupVersion.WithResource("apiservices")) {
		return nil
	}
	o, g := c.Options.Aggregator, c.Generic
	certFile, keyFile := o.ClientCertFile, o.ClientKeyFile
	if certFile == "" {
		certFile, keyFile = c.keys.FrontProxyClient.CertFile, c.keys.FrontProxyClient.KeyFile
	}
	cert, err := dynamiccertificates.NewDynamicServingContentFromFiles("aggregator-proxy-cert", certFile, keyFile)
	if err != nil {
		return fmt.Errorf("--proxy-client-cert-file, --proxy-client-key-file: %w", err)
	}
	c.background = append(c.background, func(ctx context.Context) { cert.Run(ctx, 1) })

	var dial *transport.DialHolder
	if g.EgressSelector != nil {
		dialer, err := g.EgressSelector.Lookup(egressselector.Cluster.AsNetworkContext())
		if err != nil {
			return err
		}
		if dialer != nil {
			dial = &transport.DialHolder{Dial: dialer}
		}
	}
	c.aggregator, err = aggregator.New(aggregator.Config{
		Client:          g.LoopbackClientConfig,
		Informers:       c.informers,
		Serves:          c.serves,
		ClientCert:      cert,
		EndpointRouting: o.EndpointRouting,
		RejectRedirects: o.RejectRedirects,
		Dial:            dial,
		Serializer:      g.Serializer,
		Tracer:          g.TracerProvider,
	})
	return err
}

// installAggregator registers the group versions that are served.
func (s *Server) installAggregator() error {
	c := s.config
	if c.aggregator == nil {
		return nil
	}
	var served []schema.GroupVersion
	for _, group := range c.Groups {
		for _, version := range group.Versions {
			gv := schema.GroupVersion{Group: group.Name, Version: version.Name}
			if slices.ContainsFunc(version.Resources, func(d registry.Definition) bool {
				return c.Generic.MergedResourceConfig.ResourceEnabled(gv.WithResource(d.GroupVersionResource().Resource))
			}) {
				served = append(served, gv)
			}
		}
	}
	if s.extensions != nil {
		c.aggregator.WaitForCustomGroupVersions(s.extensions.Published())
	}
	return c.aggregator.Install(s.generic, served)
}
