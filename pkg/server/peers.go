package server

import (
	"fmt"
	"net"
	"strconv"

	coordinationv1 "k8s.io/api/coordination/v1"
	genericfeatures "k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/aggregator"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/peers"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/serverleases"
)

// newPeers returns what this server has to do with other servers on the same storage, or nil
// if the feature gate is off or leases are not served.
func newPeers(b *base, raw generic.StorageDecorator) (*peers.Peers, error) {
	if !features.Enabled(genericfeatures.UnknownVersionInteroperabilityProxy) ||
		!b.enabled.Serves(coordinationv1.SchemeGroupVersion.WithResource("leases")) {
		return nil, nil
	}
	store, err := newServerLeases(b, raw, serverleases.Peers)
	if err != nil {
		return nil, err
	}
	o := b.options
	certFile, keyFile := frontProxyFiles(b)
	p, err := peers.New(peers.Config{
		ServerID: b.generic.APIServerID, Address: peerAddress(b),
		Store: store, Client: b.client, ClientConfig: b.generic.LoopbackClientConfig, Serializer: b.generic.Serializer,
		CAFile: o.Peers.CAFile, CertFile: certFile, KeyFile: keyFile,
	})
	if err != nil {
		return nil, fmt.Errorf("--peer-ca-file, --proxy-client-cert-file: %w", err)
	}
	return p, nil
}

// peerAddress returns the host and port at which other servers reach this one.
func peerAddress(b *base) string {
	o := b.options
	host, port := o.Peers.AdvertiseIP, o.Peers.AdvertisePort
	if net.ParseIP(host) == nil {
		host = o.Generic.AdvertiseAddress.String()
	}
	if port == "" {
		port = strconv.Itoa(o.SecureServing.BindPort)
	}
	return net.JoinHostPort(host, port)
}

// frontProxyFiles returns the certificate and the key with which this server authenticates
// itself to others as their front proxy. They are empty if there are none.
func frontProxyFiles(b *base) (certFile, keyFile string) {
	o := b.options.Aggregator
	if o.ClientCertFile == "" && b.keys != nil {
		return b.keys.FrontProxyClient.CertFile, b.keys.FrontProxyClient.KeyFile
	}
	return o.ClientCertFile, o.ClientKeyFile
}

// installPeers adds the hooks of p, which may be nil, and connects it with discovery.
func (s *Server) installPeers(p *peers.Peers) error {
	if p == nil {
		return nil
	}
	var definitions, apiServices cache.SharedIndexInformer
	if s.extensions != nil {
		definitions = s.extensions.Definitions()
	}
	if s.aggregator != nil {
		apiServices = s.aggregator.APIServices()
	}
	if err := p.LeaveOut(definitions, apiServices); err != nil {
		return err
	}
	return p.AddHooks(s.generic)
}

// peerDiscovery returns the part of the aggregator's configuration that is about other
// servers.
func peerDiscovery(b *base, p *peers.Peers) *aggregator.PeerDiscovery {
	if p == nil {
		return nil
	}
	discovery := &aggregator.PeerDiscovery{ServerID: b.generic.APIServerID}
	if p.Forwards() {
		discovery.Others = p
	}
	return discovery
}
