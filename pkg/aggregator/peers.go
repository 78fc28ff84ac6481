package aggregator

import (
	"net/http"

	discoveryendpoint "k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
	"k8s.io/client-go/tools/cache"
)

// PeerDiscovery tells what other servers on the same storage serve.
type PeerDiscovery struct {
	// ServerID is the ID of this server.
	ServerID string
	// Others may be nil.
	Others Peers
}

// Peers are other servers on the same storage.
type Peers interface {
	discoveryendpoint.PeerDiscoveryProvider
	// OnChange sets the function that is called when what they serve has changed.
	OnChange(changed func())
}

// handler returns the handler of aggregated discovery. It merges the discovery of this server with
// that of the others, if there are any. The library's handler is made in any case,
// because that registers its metrics.
func (d *PeerDiscovery) handler(own discoveryendpoint.ResourceManager) http.Handler {
	if d == nil {
		return own
	}
	merged := discoveryendpoint.NewPeerAggregatedDiscoveryHandler(d.ServerID, own, d.Others, apisPrefix)
	if d.Others == nil {
		return own
	}
	d.Others.OnChange(merged.InvalidateCache)
	return merged
}

// APIServices returns the informer of APIServices.
func (a *Aggregator) APIServices() cache.SharedIndexInformer {
	return a.informers.Apiregistration().V1().APIServices().Informer()
}
