package node

import (
	"slices"
	"sync"
)

// kind is the type of an object in the graph.
type kind uint8

const (
	pod kind = iota + 1
	secret
	configMap
	serviceAccount
	volumeClaim
	volume
	volumeAttachment
	resourceClaim
	resourceSlice
	certificateRequest
)

// object identifies an object.
type object struct {
	kind            kind
	namespace, name string
}

// links describes what one object contributes to the graph.
type links struct {
	// node, if not empty, may read the object.
	node string
	// above, if not zero, is an object whose readers may also read this one.
	above object
	// below contains the objects, sorted, that the readers of this one may also
	// read.
	below []object
}

func (l *links) equal(other *links) bool {
	return l.node == other.node && l.above == other.above && slices.Equal(l.below, other.below)
}

// vertex is an object that has links, or to which others refer.
type vertex struct {
	// readers contains the nodes that may read the object, and the number of
	// ways in which they may: through its own link to a node, and through every
	// vertex above it that the node may read.
	readers map[string]int
	// above counts the vertices that have this one below them.
	above int
	// own contains the vertices below this one according to its own links.
	// adopted contains those that name this one as their above.
	own     []*vertex
	adopted map[*vertex]struct{}
	// links are the links of the object itself; nil if it has none.
	links *links
}

// gain adds a way in which a node may read the vertex. The recursion ends
// because references only lead from pods to claims, to volumes and to the
// secrets of volumes.
func (v *vertex) gain(node string) {
	if v.readers == nil {
		v.readers = map[string]int{}
	}
	v.readers[node]++
	if v.readers[node] == 1 {
		v.each(func(below *vertex) { below.gain(node) })
	}
}

// lose reverts one gain.
func (v *vertex) lose(node string) {
	v.readers[node]--
	if v.readers[node] > 0 {
		return
	}
	delete(v.readers, node)
	v.each(func(below *vertex) { below.lose(node) })
}

func (v *vertex) each(f func(*vertex)) {
	for _, below := range v.own {
		f(below)
	}
	for below := range v.adopted {
		f(below)
	}
}

// opens allows the readers of v to read another vertex; closes reverts this.
func (v *vertex) opens(below *vertex) {
	below.above++
	for node := range v.readers {
		below.gain(node)
	}
}

func (v *vertex) closes(below *vertex) {
	below.above--
	for node := range v.readers {
		below.lose(node)
	}
}

// graph records which node may read which object. Its zero value is an empty
// graph.
type graph struct {
	mu       sync.RWMutex
	vertices map[object]*vertex
}

// reads reports whether a node may read an object.
func (g *graph) reads(node string, o object) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	v := g.vertices[o]
	return v != nil && v.readers[node] > 0
}

// set replaces the links of an object; nil removes them.
func (g *graph) set(o object, l *links) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.setLocked(o, l)
}

// replace sets the links of all objects of a kind. Objects that are not in the
// map lose their links.
func (g *graph) replace(k kind, all map[object]*links) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var gone []object
	for o, v := range g.vertices {
		if o.kind == k && v.links != nil && all[o] == nil {
			gone = append(gone, o)
		}
	}
	for o, l := range all {
		g.setLocked(o, l)
	}
	for _, o := range gone {
		g.setLocked(o, nil)
	}
}

func (g *graph) setLocked(o object, l *links) {
	v := g.vertices[o]
	if l == nil && (v == nil || v.links == nil) {
		return
	}
	if v == nil {
		v = g.vertex(o)
	}
	from, to := &links{}, &links{}
	if v.links != nil {
		from = v.links
	}
	if l != nil {
		to = l
	}
	if v.links = l; from.equal(to) {
		return
	}
	// New links are added before old ones are removed, so that no node loses
	// access in between.
	before, after := v.own, make([]*vertex, 0, len(to.below))
	for _, o := range to.below {
		after = append(after, g.vertex(o))
	}
	v.own = slices.Concat(before, after)
	for _, below := range after {
		v.opens(below)
	}
	g.move(v, from, to)
	for i, below := range before {
		v.closes(below)
		g.prune(from.below[i])
	}
	v.own = after
	g.prune(o)
}

// move updates the connections from above a vertex: its node and its above
// object.
func (g *graph) move(v *vertex, from, to *links) {
	if to.above != from.above && to.above != (object{}) {
		above := g.vertex(to.above)
		if above.adopted == nil {
			above.adopted = map[*vertex]struct{}{}
		}
		above.adopted[v] = struct{}{}
		above.opens(v)
	}
	if to.node != from.node {
		if to.node != "" {
			v.gain(to.node)
		}
		if from.node != "" {
			v.lose(from.node)
		}
	}
	if to.above != from.above && from.above != (object{}) {
		above := g.vertices[from.above]
		delete(above.adopted, v)
		above.closes(v)
		g.prune(from.above)
	}
}

// vertex returns the vertex of an object and creates it if necessary.
func (g *graph) vertex(o object) *vertex {
	v := g.vertices[o]
	if v == nil {
		if g.vertices == nil {
			g.vertices = map[object]*vertex{}
		}
		v = &vertex{}
		g.vertices[o] = v
	}
	return v
}

// prune removes a vertex that has no links and to which nothing refers.
func (g *graph) prune(o object) {
	if v := g.vertices[o]; v != nil && v.links == nil && v.above == 0 && len(v.adopted) == 0 {
		delete(g.vertices, o)
	}
}
