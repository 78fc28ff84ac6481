package server

import (
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apiserver/pkg/server/egressselector"

	"github.com/gatehouse-k8s/gatehouse/pkg/kubelet"
)

// newKubelets returns the connections to kubelets and pods. They end when the
// server is drained: see Server.Run.
func newKubelets(b *base) (*kubelet.Connections, error) {
	dial, err := intoCluster(b)
	if err != nil {
		return nil, err
	}
	o := b.options.Kubelet
	b.kubelets, err = kubelet.New(kubelet.Config{
		AddressTypes: o.Types(), CertFile: o.ClientCertFile, KeyFile: o.ClientKeyFile, CAFile: o.CAFile, Timeout: o.Timeout, Dial: dial,
	})
	if err != nil {
		return nil, err
	}
	b.life.onClose(b.kubelets.Close)
	b.life.runs(b.kubelets.Run)
	return b.kubelets, nil
}

// intoCluster returns the function that --egress-selector-config-file has for
// connections to nodes, pods and services, or nil.
func intoCluster(b *base) (utilnet.DialFunc, error) {
	if b.generic.EgressSelector == nil {
		return nil, nil
	}
	return b.generic.EgressSelector.Lookup(egressselector.Cluster.AsNetworkContext())
}
