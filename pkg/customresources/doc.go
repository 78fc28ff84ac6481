// Package customresources serves custom resources. Its Server is the handler
// that receives each request that no built-in API answers.
//
// k8s.io/apiextensions-apiserver does most of the work: it serves the requests,
// accepts the names of definitions and deletes the instances of a deleted
// definition. This package adds what that library does too late for a client
// that waits until a CustomResourceDefinition is Established and then uses it
// immediately. The order of events is:
//
//  1. The naming controller of the library accepts the names.
//  2. Our informer observes the accepted names. From now on the handler of the
//     library serves the resource, and publisher adds it to discovery and
//     OpenAPI.
//  3. Only then does publisher pass the definition to the establishing
//     controller, which sets the condition Established.
//
// A client that reads Established therefore finds everything in place. This
// does not hold if several API servers share the storage, because the others
// may not have observed the definition yet. With several servers
// (Config.Servers) the delays of kube-apiserver stay in effect.
package customresources
