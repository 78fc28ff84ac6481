package garbagecollector

import (
	"fmt"
	"maps"
	"math/rand/v2"
	goruntime "runtime"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

func testResource(kind string) *resource {
	gv := schema.GroupVersion{Version: "v1"}
	return &resource{gvr: gv.WithResource(strings.ToLower(kind) + "s"), gvk: gv.WithKind(kind), namespaced: true}
}

var apples, pears = testResource("Apple"), testResource("Pear")

// testObject returns an object whose uid is its name. An owner is written as its name,
// followed by "!" if the reference is blocking, and is an apple in the same namespace.
func testObject(name string, p phase, owners ...string) object {
	o := object{resource: apples, namespace: "ns", name: name, uid: types.UID(name), phase: p}
	for _, owner := range owners {
		owner, blocking := strings.CutSuffix(owner, "!")
		o.owners = append(o.owners, reference{gvk: apples.gvk, name: owner, uid: types.UID(owner), blocking: blocking})
	}
	return o
}

// TestConcerned changes the graph, and expects which objects are to be looked at.
func TestConcerned(t *testing.T) {
	pear := func(o object) object { o.resource = pears; return o }
	elsewhere := func(o object) object { o.namespace = "elsewhere"; return o }
	everywhere := func(o object) object { o.namespace = ""; return o }
	for _, test := range []struct {
		name    string
		objects []object
		change  func(*graph) []types.UID
		want    string
	}{
		{"no owner", nil, func(g *graph) []types.UID { return g.set(testObject("a", living)) }, ""},
		{"an owner that is known", []object{testObject("a", living)}, func(g *graph) []types.UID { return g.set(testObject("b", living, "a")) }, ""},
		{"an owner that is not known", nil, func(g *graph) []types.UID { return g.set(testObject("b", living, "a")) }, "b"},
		{"the owner becomes known", []object{testObject("b", living, "a")}, func(g *graph) []types.UID { return g.set(testObject("a", living)) }, ""},
		{"an owner of this name becomes known that is another kind", []object{testObject("b", living, "a")},
			func(g *graph) []types.UID { return g.set(pear(testObject("a", living))) }, "b"},
		{"an owner in another namespace", []object{testObject("a", living)},
			func(g *graph) []types.UID { return g.set(elsewhere(testObject("b", living, "a"))) }, "b"},
		{"an owner without a namespace", []object{everywhere(testObject("a", living))},
			func(g *graph) []types.UID { return g.set(testObject("b", living, "a")) }, ""},
		{"the owner is gone", []object{testObject("a", living), testObject("b", living, "a"), testObject("c", deleting, "a"), testObject("d", living, "b")},
			func(g *graph) []types.UID { return g.remove("a") }, "b c"},
		{"an object that was not known is gone", []object{testObject("b", living, "a")}, func(g *graph) []types.UID { return g.remove("a") }, ""},
		{"the owner is deleted in the foreground", []object{testObject("a", living), testObject("b", living, "a!"), testObject("c", deleting, "a")},
			func(g *graph) []types.UID { return g.set(testObject("a", foreground)) }, "a b"},
		{"the owner waits still", []object{testObject("a", foreground), testObject("b", living, "a!")},
			func(g *graph) []types.UID { return g.set(testObject("a", foreground)) }, "a"},
		{"the owner is deleted, and its dependents orphaned", []object{testObject("a", living), testObject("b", living, "a")},
			func(g *graph) []types.UID { return g.set(testObject("a", orphaning)) }, "a"},
		{"the owner is deleted in the background", []object{testObject("a", living), testObject("b", living, "a")},
			func(g *graph) []types.UID { return g.set(testObject("a", deleting)) }, ""},
		{"a dependent of an owner that waits", []object{testObject("a", foreground)},
			func(g *graph) []types.UID { return g.set(testObject("b", living, "a!")) }, "a b"},
		{"a dependent of an owner that waits is gone", []object{testObject("a", foreground), testObject("b", deleting, "a!")},
			func(g *graph) []types.UID { return g.remove("b") }, "a"},
		{"a dependent leaves an owner that waits", []object{testObject("a", foreground), testObject("b", deleting, "a!")},
			func(g *graph) []types.UID { return g.set(testObject("b", deleting)) }, "a"},
		{"a resource is not served any more", []object{testObject("a", living), pear(testObject("b", living, "a")), pear(testObject("c", living))},
			func(g *graph) []types.UID { return g.replace(apples, nil) }, "b"},
		{"a list without an object", []object{testObject("a", living), testObject("b", living), testObject("c", living, "a")},
			func(g *graph) []types.UID {
				return g.replace(apples, []object{testObject("b", living), testObject("c", living, "a")})
			}, "c"},
		{"its own owner", nil, func(g *graph) []types.UID { return g.set(testObject("a", living, "a!")) }, ""},
		{"its own owner is gone", []object{testObject("a", living, "a!", "a")}, func(g *graph) []types.UID { return g.remove("a") }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGraph()
			for _, o := range test.objects {
				g.set(o)
			}
			concerned := map[string]bool{}
			for _, uid := range test.change(g) {
				concerned[string(uid)] = true
			}
			if got := strings.Join(slices.Sorted(maps.Keys(concerned)), " "); got != test.want {
				t.Errorf("to be looked at: %q, want %q", got, test.want)
			}
		})
	}
}

// TestGraphAfterChanges lets 10,000 objects come, change and go at random, and compares
// the graph with what the objects that are left say, and at the end with nothing.
func TestGraphAfterChanges(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			g, objects := newGraph(), map[types.UID]object{}
			for created := 1; created <= 10000; created++ {
				o := randomObject(random, fmt.Sprint(created), created)
				g.set(o)
				objects[o.uid] = o
				if o, ok := objects[types.UID(fmt.Sprint(1+random.IntN(created)))]; ok {
					changed := randomObject(random, o.name, created)
					changed.resource = o.resource
					g.set(changed)
					objects[o.uid] = changed
				}
				gone := types.UID(fmt.Sprint(1 + random.IntN(created)))
				g.remove(gone)
				delete(objects, gone)
				if created%1000 == 0 {
					relist(random, g, objects)
					compare(t, g, objects)
				}
			}
			for uid := range objects {
				g.remove(uid)
			}
			if len(g.nodes) != 0 || len(g.counts) != 0 {
				t.Errorf("%d nodes and %d resources are left", len(g.nodes), len(g.counts))
			}
		})
	}
}

// TestGraphMemory lets 200,000 objects come and go, of which 100 exist at a time, with
// owners that never come. What the graph needs does not grow with the number of those that
// have gone.
func TestGraphMemory(t *testing.T) {
	g := newGraph()
	churn := func(from, to int) {
		for i := from; i < to; i++ {
			g.set(testObject(fmt.Sprint(i), living, fmt.Sprint(i-1), fmt.Sprint("never-", i)))
			g.remove(types.UID(fmt.Sprint(i - 100)))
		}
	}
	used := func() uint64 {
		var m goruntime.MemStats
		goruntime.GC()
		goruntime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	churn(0, 10_000)
	before := used()
	churn(10_000, 200_000)
	if after := used(); after > before+1<<20 {
		t.Errorf("%d bytes after 10,000 objects, %d after 200,000", before, after)
	}
	if len(g.nodes) > 301 {
		t.Errorf("%d nodes for 100 objects", len(g.nodes))
	}
}

// randomObject returns an object with up to three owners, some of which are gone or have
// not come yet.
func randomObject(random *rand.Rand, name string, created int) object {
	var owners []string
	for range random.IntN(4) {
		owners = append(owners, fmt.Sprint(1+random.IntN(created+20))+[]string{"", "!"}[random.IntN(2)])
	}
	o := testObject(name, phase(random.IntN(4)), owners...)
	if random.IntN(4) == 0 {
		o.resource = pears
	}
	if random.IntN(10) == 0 {
		o.namespace = "elsewhere"
	}
	return o
}

// relist replaces the pears by half of them.
func relist(random *rand.Rand, g *graph, objects map[types.UID]object) {
	var left []object
	for uid, o := range objects {
		switch {
		case o.resource != pears:
		case random.IntN(2) == 0:
			delete(objects, uid)
		default:
			left = append(left, o)
		}
	}
	g.replace(pears, left)
}

// compare computes what a graph of the objects must say.
func compare(t *testing.T, g *graph, objects map[types.UID]object) {
	t.Helper()
	dependents, blocked, counts := map[types.UID]map[types.UID]bool{}, map[types.UID]bool{}, map[*resource]int{}
	for uid, o := range objects {
		counts[o.resource]++
		for _, ref := range o.owners {
			if dependents[ref.uid] == nil {
				dependents[ref.uid] = map[types.UID]bool{}
			}
			dependents[ref.uid][uid] = true
			blocked[ref.uid] = blocked[ref.uid] || ref.blocking
		}
	}
	if !maps.Equal(counts, g.counts) {
		t.Errorf("the numbers of objects are %v, want %v", g.counts, counts)
	}
	for uid, n := range g.nodes {
		want, exists := objects[uid]
		if n.virtual == exists || n.virtual && len(n.dependents) == 0 {
			t.Fatalf("%s: virtual %v, exists %v, %d dependents", uid, n.virtual, exists, len(n.dependents))
		}
		if exists && (n.phase != want.phase || n.resource != want.resource || !slices.Equal(n.owners, want.owners)) {
			t.Fatalf("%s is %v, want %v", uid, n.object, want)
		}
		if len(n.dependents) != len(dependents[uid]) {
			t.Fatalf("%s has %d dependents, want %d", uid, len(n.dependents), len(dependents[uid]))
		}
		if g.blocked(uid) != blocked[uid] {
			t.Fatalf("%s is blocked: %v, want %v", uid, g.blocked(uid), blocked[uid])
		}
		if exists && g.concerned(n) != concerned(want, objects) {
			t.Fatalf("%v is to be looked at: %v", want, g.concerned(n))
		}
	}
	for uid := range objects {
		if g.nodes[uid] == nil {
			t.Fatalf("%s is missing", uid)
		}
	}
	for uid := range dependents {
		if g.nodes[uid] == nil {
			t.Fatalf("the owner %s is missing", uid)
		}
	}
}

// concerned says plainly what graph.concerned does.
func concerned(o object, objects map[types.UID]object) bool {
	if o.phase == foreground || o.phase == orphaning {
		return true
	}
	if o.phase == deleting {
		return false
	}
	for _, ref := range o.owners {
		owner, ok := objects[ref.uid]
		if !ok || owner.phase == foreground || owner.resource != apples || owner.namespace != o.namespace {
			return true
		}
	}
	return false
}
