// Package rbac decides by roles and bindings: the authorization mode RBAC.
//
// A Resolver finds the bindings of a user in an index on the caches of the
// informers. It looks at no other bindings, so that the cost of a decision does
// not depend on their number. The index has one key for each subject of a
// binding: the name of a user or a group. A service account is indexed as the
// user that its tokens authenticate. The keys of role bindings also contain the
// namespace, because a role binding applies only there.
//
// Cluster role bindings are checked before role bindings, and the search ends
// at the first rule that allows the request. A binding whose role does not
// exist grants nothing; if no rule allows the request, the missing role is
// named in the reason.
package rbac
