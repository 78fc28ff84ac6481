// Package connect is what the subresources of pods, nodes and services have in
// common that connect clients to kubelets and pods: exec, attach, portforward, log
// and proxy.
package connect
