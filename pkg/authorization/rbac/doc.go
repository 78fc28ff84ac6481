// Package rbac decides by roles and bindings.
//
// A Resolver finds the bindings of a user in an index of the informers' caches
// and never looks at others, so that a decision costs the same however many
// bindings there are. The index has a key for every subject of a binding: the
// name of a user or a group, where a service account is the user that its
// tokens authenticate as. Namespaced bindings are indexed by their namespace
// too, because they grant something only there.
//
// Cluster role bindings come before role bindings, and the first rule that
// allows a request ends the search. A binding whose role is missing grants
// nothing; it is the reason that a denied user is told.
package rbac
