package garbagecollector

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// graph knows all objects by uid, their owners and their dependents. It keeps of an
// object only what is needed to decide whether the object is to be looked at. It is
// what the server has told last: nothing is deleted before it is read anew.
type graph struct {
	mu    sync.Mutex
	nodes map[types.UID]*node
	// counts are the numbers of objects by resource.
	counts map[*resource]int
}

// node is an object, or an owner that is only named: a virtual node. A virtual node
// exists as long as it has dependents.
type node struct {
	object
	virtual    bool
	dependents map[types.UID]*node
}

func newGraph() *graph { return &graph{nodes: map[types.UID]*node{}, counts: map[*resource]int{}} }

// set stores an object that was created or changed. It returns the objects to be
// looked at.
func (g *graph) set(o object) (concerned []types.UID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.setLocked(o)
}

func (g *graph) setLocked(o object) (concerned []types.UID) {
	n := g.nodes[o.uid]
	if n == nil {
		n = &node{virtual: true}
		g.nodes[o.uid] = n
	}
	if n.virtual {
		g.counts[o.resource]++
	} else if n.resource != o.resource {
		g.counts[n.resource]--
		g.counts[o.resource]++
	}
	old, appeared := n.object, n.virtual
	n.object, n.virtual = o, false
	for _, ref := range o.owners {
		g.link(ref.uid, n)
	}
	concerned = g.waitingOwners(old.owners, o.owners)
	g.unlink(n, old.owners)
	if g.concerned(n) {
		concerned = append(concerned, o.uid)
	}
	if appeared || o.phase == foreground && old.phase != foreground {
		for uid, dependent := range n.dependents {
			if uid != o.uid && g.concerned(dependent) {
				concerned = append(concerned, uid)
			}
		}
	}
	return concerned
}

// remove removes an object that was deleted. It returns the objects to be looked at.
func (g *graph) remove(uid types.UID) (concerned []types.UID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.removeLocked(uid)
}

func (g *graph) removeLocked(uid types.UID) (concerned []types.UID) {
	n := g.nodes[uid]
	if n == nil || n.virtual {
		return nil
	}
	if g.counts[n.resource]--; g.counts[n.resource] == 0 {
		delete(g.counts, n.resource)
	}
	owners := n.owners
	concerned = g.waitingOwners(owners)
	n.object, n.virtual = object{}, true
	g.unlinkFrom(uid, owners)
	if len(n.dependents) == 0 {
		delete(g.nodes, uid)
	}
	for dependent := range n.dependents {
		concerned = append(concerned, dependent)
	}
	return concerned
}

// replace makes the objects of a resource those of a list, and returns the objects to
// be looked at.
func (g *graph) replace(r *resource, objects []object) (concerned []types.UID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.counts[r] > 0 {
		listed := make(map[types.UID]bool, len(objects))
		for _, o := range objects {
			listed[o.uid] = true
		}
		for uid, n := range g.nodes {
			if !n.virtual && n.resource == r && !listed[uid] {
				concerned = append(concerned, g.removeLocked(uid)...)
			}
		}
	}
	for _, o := range objects {
		concerned = append(concerned, g.setLocked(o)...)
	}
	return concerned
}

// get returns an object, if it is to be looked at.
func (g *graph) get(uid types.UID) (object, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := g.nodes[uid]; n != nil && g.concerned(n) {
		return n.object, true
	}
	return object{}, false
}

// allConcerned returns all objects that are to be looked at.
func (g *graph) allConcerned() (concerned []types.UID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for uid, n := range g.nodes {
		if g.concerned(n) {
			concerned = append(concerned, uid)
		}
	}
	return concerned
}

// seen returns the object with this uid, and false if no object with it is known.
func (g *graph) seen(uid types.UID) (object, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := g.nodes[uid]; n != nil && !n.virtual {
		return n.object, true
	}
	return object{}, false
}

// dependents returns the objects that an object owns.
func (g *graph) dependents(uid types.UID) (dependents []object) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := g.nodes[uid]; n != nil {
		for _, dependent := range n.dependents {
			dependents = append(dependents, dependent.object)
		}
	}
	return dependents
}

// blocked reports whether some dependent blocks the deletion of an object.
func (g *graph) blocked(uid types.UID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := g.nodes[uid]; n != nil {
		for _, dependent := range n.dependents {
			if slices.ContainsFunc(dependent.owners, func(ref reference) bool { return ref.uid == uid && ref.blocking }) {
				return true
			}
		}
	}
	return false
}

// concerned reports whether an object is to be looked at: because its deletion waits
// for the collector, or because an owner is absent, waits for its dependents, or is not
// where the reference says.
func (g *graph) concerned(n *node) bool {
	switch {
	case n.virtual || n.phase == deleting:
		return false
	case n.phase != living:
		return true
	}
	return slices.ContainsFunc(n.owners, func(ref reference) bool {
		owner := g.nodes[ref.uid]
		return owner.virtual || owner.phase == foreground || !ref.names(&owner.object, n.namespace)
	})
}

// waitingOwners returns the owners whose deletion waits for their dependents.
func (g *graph) waitingOwners(lists ...[]reference) (waiting []types.UID) {
	for _, refs := range lists {
		for _, ref := range refs {
			if owner := g.nodes[ref.uid]; owner != nil && owner.phase == foreground && !slices.Contains(waiting, ref.uid) {
				waiting = append(waiting, ref.uid)
			}
		}
	}
	return waiting
}

// link makes a node a dependent of an owner, which is virtual if it is not known.
func (g *graph) link(owner types.UID, n *node) {
	o := g.nodes[owner]
	if o == nil {
		o = &node{virtual: true}
		g.nodes[owner] = o
	}
	if o.dependents == nil {
		o.dependents = map[types.UID]*node{}
	}
	o.dependents[n.uid] = n
}

// unlink removes a node from the dependents of those of its former owners that it does
// not have any more.
func (g *graph) unlink(n *node, former []reference) {
	gone := slices.DeleteFunc(slices.Clone(former), func(ref reference) bool {
		return slices.ContainsFunc(n.owners, func(kept reference) bool { return kept.uid == ref.uid })
	})
	g.unlinkFrom(n.uid, gone)
}

func (g *graph) unlinkFrom(uid types.UID, owners []reference) {
	for _, ref := range owners {
		owner := g.nodes[ref.uid]
		if owner == nil {
			continue // it is named twice
		}
		delete(owner.dependents, uid)
		if len(owner.dependents) == 0 {
			owner.dependents = nil
			if owner.virtual {
				delete(g.nodes, ref.uid)
			}
		}
	}
}
