package node

import (
	"slices"
	"sync"
)

// kind is a kind of objects in the graph.
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

// object names one object.
type object struct {
	kind            kind
	namespace, name string
}

// links are what one object tells about who may read what.
type links struct {
	// node may read the object, unless it is empty.
	node string
	// above, if not zero, is an object whose readers may read this one.
	above object
	// below are objects that the readers of this one may read, sorted.
	below []object
}

func (l *links) equal(other *links) bool {
	return l.node == other.node && l.above == other.above && slices.Equal(l.below, other.below)
}

// vertex is an object that others refer to, or that has links itself.
type vertex struct {
	// readers are the nodes that may read the object, and in how many ways: by
	// its own link, and by every vertex above it that they may read.
	readers map[string]int
	// above counts the vertices that this one is below of.
	above int
	// own are the vertices below by the object's own links, and adopted those
	// that have linked themselves.
	own     []*vertex
	adopted map[*vertex]struct{}
	// links are the object's own; nil if it has none.
	links *links
}

// gain adds a way in which a node may read the vertex. Kinds are layered, so
// that this ends: a pod, its claims, their volumes, the volumes' secrets.
func (v *vertex) gain(node string) {
	if v.readers == nil {
		v.readers = map[string]int{}
	}
	v.readers[node]++
	if v.readers[node] == 1 {
		v.each(func(below *vertex) { below.gain(node) })
	}
}

// lose undoes one gain.
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

// opens lets the readers of v read another vertex, and closes undoes that.
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

// graph knows which node may read which object. Its zero value is empty.
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

// replace makes the links of a kind's objects those that are given, and removes
// the links of all others of the kind.
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
	// The new links come first: what stays readable is never lost in between.
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

// move changes what is above a vertex: the node and the other object.
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

// vertex returns the vertex of an object, new if need be.
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

// prune forgets a vertex that nothing refers to any more.
func (g *graph) prune(o object) {
	if v := g.vertices[o]; v != nil && v.links == nil && v.above == 0 && len(v.adopted) == 0 {
		delete(g.vertices, o)
	}
}
