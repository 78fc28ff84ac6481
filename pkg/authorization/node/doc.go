// Package node decides what kubelets may do: the authorization mode Node.
//
// A kubelet may do what the ClusterRole system:node allows. But it may read
// objects that belong to pods only if it runs one of these pods. A graph
// records which node may read which object: a node can read its pods and
// everything to which their specs refer. If this includes a claim, the node can
// also read the persistent volume that is bound to it, and the secrets of the
// volume.
//
// For every object the graph stores the nodes that may read it and the number
// of paths in the graph that lead from the node to the object. A decision is
// therefore one lookup in a map, regardless of the number of pods. When one
// path is removed, the others stay valid.
//
// The package reads nothing before the first decision that needs the graph,
// which is one about a kubelet. A test cluster without kubelets has no
// overhead.
package node
