// Package features knows the feature gates of the server: their names, their
// lifecycles, and whether they are on. The gates are those of kube-apiserver,
// which include the gates of other components, so that one --feature-gates is
// good for a whole cluster. A gate that nothing here asks about is accepted
// and changes nothing.
//
// The gates that the libraries define (k8s.io/apiserver, client-go and others)
// are kept in the same place, and asked about in the same way: Enabled.
package features
