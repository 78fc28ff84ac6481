// Package kubelet connects the server to the kubelets of nodes, and to the pods
// and services that clients reach through the server.
//
// Connections are the only ones that the server opens into the network of the
// cluster for users. They know each other: Close ends them all, and with them
// the streams of exec, attach, port-forward, of proxies and of logs that are
// followed.
package kubelet
