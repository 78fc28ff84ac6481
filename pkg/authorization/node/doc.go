// Package node decides what kubelets may do: the mode Node.
//
// A kubelet may do what ClusterRole system:node says, but what belongs to pods it
// may only read if it runs one of them. Which node may read what is in a graph:
// a pod and everything that its spec refers to can be read by its node, and so
// can the persistent volume that is bound to a claim, with the volume's secrets.
//
// The graph keeps, for every object, the nodes that may read it and by how many
// ways. A decision is one look into a map, however many pods there are, and the
// end of one way leaves the others intact.
//
// Nothing is read before the first decision that needs the graph: that of a
// kubelet. A test cluster without kubelets pays nothing.
package node
