package node

import (
	"fmt"
	"math/rand"
	"testing"
)

// model computes from all links in one step what the graph updates
// incrementally.
type model map[object]*links

func (m model) reads(node string, o object) bool {
	if l := m[o]; l != nil {
		if l.node == node || l.above != (object{}) && m.reads(node, l.above) {
			return true
		}
	}
	for owner, l := range m {
		for _, below := range l.below {
			if below == o && m.reads(node, owner) {
				return true
			}
		}
	}
	return false
}

// TestGraphAgreesWithModel changes pods and volumes at random, and compares all
// answers of graph and model after each step.
func TestGraphAgreesWithModel(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	pick := func(k kind, n int) object {
		return object{kind: k, name: fmt.Sprint(random.Intn(n))}
	}
	node := func() string { return []string{"a", "b", ""}[random.Intn(3)] }
	var objects []object
	for i := range 4 {
		for _, k := range []kind{pod, secret, volumeClaim, volume} {
			objects = append(objects, object{kind: k, name: fmt.Sprint(i)})
		}
	}
	g, m := &graph{}, model{}
	set := func(o object, l *links) {
		g.set(o, l)
		if m[o] = l; l == nil {
			delete(m, o)
		}
	}
	for step := range 3000 {
		switch random.Intn(6) {
		case 0:
			set(pick(pod, 4), nil)
		case 1:
			set(pick(volume, 4), nil)
		case 2, 3:
			set(pick(pod, 4), &links{node: node(), below: []object{pick(secret, 4), pick(volumeClaim, 4)}})
		case 4:
			set(pick(volume, 4), &links{above: pick(volumeClaim, 4), below: []object{pick(secret, 4)}})
		case 5:
			all := map[object]*links{pick(pod, 4): {node: node(), below: []object{pick(secret, 4)}}}
			g.replace(pod, all)
			for o := range m {
				if o.kind == pod {
					delete(m, o)
				}
			}
			for o, l := range all {
				m[o] = l
			}
		}
		for _, o := range objects {
			for _, node := range []string{"a", "b"} {
				if got, want := g.reads(node, o), m.reads(node, o); got != want {
					t.Fatalf("step %d: %s reads %v: %v, want %v", step, node, o, got, want)
				}
			}
		}
	}
	for o := range m {
		g.set(o, nil)
	}
	if len(g.vertices) != 0 {
		t.Errorf("%d vertices are left of nothing", len(g.vertices))
	}
}

// cluster returns a graph of pods that are spread over nodes. Each pod has its
// own secret and claim, and refers to three objects that its namespace shares.
func cluster(nodes, pods int) *graph {
	g := &graph{}
	all := map[object]*links{}
	for i := range pods {
		namespace, name := fmt.Sprint("ns", i%100), fmt.Sprint("pod", i)
		all[object{pod, namespace, name}] = &links{node: fmt.Sprint("node", i%nodes), below: []object{
			{secret, namespace, name}, {secret, namespace, "shared"}, {configMap, namespace, "kube-root-ca.crt"},
			{serviceAccount, namespace, "default"}, {volumeClaim, namespace, name}}}
	}
	g.replace(pod, all)
	volumes := map[object]*links{}
	for i := range pods {
		namespace, name := fmt.Sprint("ns", i%100), fmt.Sprint("pod", i)
		volumes[object{volume, "", name}] = &links{above: object{volumeClaim, namespace, name}, below: []object{{secret, "storage", "csi"}}}
	}
	g.replace(volume, volumes)
	return g
}

// BenchmarkDecision measures one lookup in the graph of 10,000 pods on 40
// nodes.
func BenchmarkDecision(b *testing.B) {
	g := cluster(40, 10_000)
	for _, bench := range []struct {
		name string
		node string
		o    object
		want bool
	}{
		{"own", "node7", object{secret, "ns7", "pod7"}, true},
		{"shared by all", "node7", object{secret, "storage", "csi"}, true},
		{"none", "node8", object{secret, "ns7", "pod7"}, false},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if g.reads(bench.node, bench.o) != bench.want {
					b.Fatal("wrong decision")
				}
			}
		})
	}
}

// BenchmarkChange measures the replacement of a pod.
func BenchmarkChange(b *testing.B) {
	g := cluster(40, 10_000)
	o := object{pod, "ns7", "pod7"}
	l := g.vertices[o].links
	b.ReportAllocs()
	for b.Loop() {
		g.set(o, nil)
		g.set(o, l)
	}
}

func BenchmarkBuild(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		cluster(40, 10_000)
	}
}
