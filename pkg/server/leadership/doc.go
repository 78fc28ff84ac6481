// Package leadership implements coordinated leader election (KEP-4355, feature gate
// CoordinatedLeaderElection): the components that want a lease announce themselves as
// LeaseCandidates, and one API server chooses the one that gets it. That server is found by an ordinary
// leader election among the API servers.
//
// What a lease needs depends on its candidates alone. A candidate counts if it has
// renewed itself within a short time; one that has not is pinged, and then gets that
// time to answer.
package leadership
