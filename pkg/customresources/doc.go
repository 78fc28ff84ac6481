// Package customresources serves custom resources: the part of the server for
// requests that no built-in API answers.
//
// Requests are served, names are accepted and instances are deleted by
// k8s.io/apiextensions-apiserver. Ours is what the library does too late, or
// tells too late, for a client that waits for a CustomResourceDefinition to be
// Established and goes on at once. The order of events is
//
//  1. the library's naming controller accepts the names;
//  2. our informer sees it: from then on the library's handler serves the
//     resource, and publisher lists it in discovery and OpenAPI;
//  3. only then is the definition handed to the controller that makes it
//     Established.
//
// So whoever reads Established finds everything in place. With several servers
// that is not enough, for the others may not have seen the definition yet: then
// upstream's waits stay (Config.Servers).
package customresources
