// Package aggregator serves APIs of other servers as if they were this server's
// own: requests for a group version with a remote APIService are proxied to the
// service that it names, and discovery and OpenAPI are merged.
//
// It is made of the parts of k8s.io/kube-aggregator: the controllers that
// register local groups, check availability, follow APIServices and merge
// discovery, and the service resolvers. What the library assembles around them
// (apiserver.APIAggregator) is not used, for three reasons. It downloads the
// OpenAPI documents of the servers behind it, its own included, at the start and
// every second, where this server builds them when somebody asks. It stands in
// front as a server of its own, with a second scheme and storage of another type.
// And it reads whatever a remote server sends into memory, without a limit.
package aggregator
