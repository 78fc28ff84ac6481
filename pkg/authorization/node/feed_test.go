package node

import (
	"context"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// TestLazy reads nothing for users who are no kubelets, nor for what a kubelet
// may do in any case.
func TestLazy(t *testing.T) {
	reads := false
	a, err := New(t.Context(), nil, func(gvr schema.GroupVersionResource) bool {
		reads = reads || gvr.Resource == "pods"
		return false
	})
	if err != nil {
		t.Fatal(err)
	}
	kubelet := &user.DefaultInfo{Name: "system:node:a", Groups: []string{user.NodesGroup}}
	for _, attrs := range []authorizer.AttributesRecord{
		{User: &user.DefaultInfo{Name: "alice"}, Verb: "get", Namespace: "ns", Resource: "secrets", Name: "s", ResourceRequest: true},
		{User: kubelet, Verb: "get", Resource: "nodes", Name: "a", ResourceRequest: true},
		{User: kubelet, Verb: "list", Namespace: "ns", Resource: "secrets", ResourceRequest: true},
		{User: kubelet, Verb: "get", Path: "/healthz"},
	} {
		decide(t, a, attrs)
		if reads {
			t.Fatalf("%v needs the pods", attrs)
		}
	}
	decide(t, a, authorizer.AttributesRecord{User: kubelet, Verb: "get", Namespace: "ns", Resource: "secrets", Name: "s", ResourceRequest: true})
	if !reads {
		t.Error("a secret does not need the pods")
	}
}

// TestIncompleteGraph decides nothing before everything that is served was read.
func TestIncompleteGraph(t *testing.T) {
	a, err := New(t.Context(), nil, func(schema.GroupVersionResource) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	pods := signals.NewLatch()
	a.feed.start.Do(func() { a.feed.synced = append(a.feed.synced, pods.Done()) }) // nothing will be read
	a.graph.set(object{pod, "ns", "p"}, ofNode("a"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	attrs := authorizer.AttributesRecord{User: &user.DefaultInfo{Name: "system:node:a", Groups: []string{user.NodesGroup}},
		Verb: "get", Namespace: "ns", Resource: "pods", Name: "p", ResourceRequest: true}
	if decision, reason, err := a.Authorize(ctx, attrs); decision != authorizer.DecisionNoOpinion || reason != unrelated || err != nil {
		t.Errorf("%v, %q, %v", decision, reason, err)
	}
	pods.Set()
	if got := decide(t, a, attrs); got != "allow" {
		t.Errorf("synced: %q", got)
	}
}
