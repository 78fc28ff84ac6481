// Package aggregator serves the APIs of other servers as if they were this
// server's own. It proxies each request for a group version with a remote
// APIService to the service that the APIService names, and it merges the
// discovery and OpenAPI documents of the remote servers with those of this
// server.
//
// It is built from parts of k8s.io/kube-aggregator: the service resolvers and
// the controllers that register local groups, check availability, follow
// APIServices and merge discovery. It does not use apiserver.APIAggregator,
// which combines these parts in the library, for three reasons. First, that
// type downloads the OpenAPI documents of all servers, including this one, at
// the start and then every second; this package builds the documents on
// request. Second, it is a complete server in front of this one, with a second
// scheme and its own storage. Third, it reads answers of remote servers into
// memory without a size limit.
package aggregator
