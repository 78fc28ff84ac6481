package server

import (
	"context"
	"fmt"

	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/client-go/transport"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/aggregator"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/peers"
)

// newAggregator returns the aggregator, which stands in front of the server's
// own APIs, or nil if apiservices are not served.
func newAggregator(b *base, p *peers.Peers) (*aggregator.Aggregator, error) {
	if !b.enabled.Serves(apiregistrationv1.SchemeGroupVersion.WithResource("apiservices")) {
		return nil, nil
	}
	o, g := b.options.Aggregator, b.generic
	certFile, keyFile := frontProxyFiles(b)
	var clientCert dynamiccertificates.CertKeyContentProvider = noCert{}
	if certFile != "" {
		cert, err := dynamiccertificates.NewDynamicServingContentFromFiles("aggregator-proxy-cert", certFile, keyFile)
		if err != nil {
			return nil, fmt.Errorf("--proxy-client-cert-file, --proxy-client-key-file: %w", err)
		}
		b.life.runs(func(ctx context.Context) { cert.Run(ctx, 1) })
		clientCert = cert
	}

	var dial *transport.DialHolder
	if dialer, err := intoCluster(b); err != nil {
		return nil, err
	} else if dialer != nil {
		dial = &transport.DialHolder{Dial: dialer}
	}
	return aggregator.New(aggregator.Config{
		Client:          g.LoopbackClientConfig,
		Objects:         b.objects,
		Informers:       b.informers,
		Serves:          b.enabled.Serves,
		ClientCert:      clientCert,
		EndpointRouting: o.EndpointRouting,
		RejectRedirects: o.RejectRedirects,
		Dial:            dial,
		Serializer:      g.Serializer,
		Tracer:          g.TracerProvider,
		Peers:           peerDiscovery(b, p),
	})
}

// noCert is the client certificate of a server that has none. Remote servers
// cannot tell then who sends them a request.
type noCert struct{}

// Name implements dynamiccertificates.CertKeyContentProvider.
func (noCert) Name() string { return "none" }

// CurrentCertKeyContent implements dynamiccertificates.CertKeyContentProvider.
func (noCert) CurrentCertKeyContent() (cert, key []byte) { return nil, nil }

// AddListener implements dynamiccertificates.CertKeyContentProvider.
func (noCert) AddListener(dynamiccertificates.Listener) {}

// installAggregator registers the group versions that this server serves.
func (s *Server) installAggregator() error {
	if s.aggregator == nil {
		return nil
	}
	var served []aggregator.BuiltIn
	s.base.enabled.Each(func(group registry.Group, version registry.Version) {
		served = append(served, aggregator.BuiltIn{
			GroupVersion: group.GroupVersion(version), GroupPriority: group.Priority, VersionPriority: version.APIServicePriority()})
	})
	if s.extensions != nil {
		s.aggregator.WaitForCustomGroupVersions(s.extensions.Published())
	}
	return s.aggregator.Install(s.generic, served)
}
