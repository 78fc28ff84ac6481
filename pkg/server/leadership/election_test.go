package leadership

import (
	"slices"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	coordinationv1beta1 "k8s.io/api/coordination/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func ago(d time.Duration) *metav1.MicroTime { return &metav1.MicroTime{Time: now.Add(-d)} }

// candidate returns one that has renewed itself a second ago.
func candidate(name, binary, emulation string, change ...func(*coordinationv1beta1.LeaseCandidate)) *coordinationv1beta1.LeaseCandidate {
	c := &coordinationv1beta1.LeaseCandidate{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: coordinationv1beta1.LeaseCandidateSpec{
		LeaseName: "lock", BinaryVersion: binary, EmulationVersion: emulation, Strategy: coordinationv1.OldestEmulationVersion, RenewTime: ago(time.Second)}}
	for _, f := range change {
		f(c)
	}
	return c
}

func renewed(d time.Duration) func(*coordinationv1beta1.LeaseCandidate) {
	return func(c *coordinationv1beta1.LeaseCandidate) { c.Spec.RenewTime = ago(d) }
}

func pinged(d time.Duration) func(*coordinationv1beta1.LeaseCandidate) {
	return func(c *coordinationv1beta1.LeaseCandidate) { c.Spec.PingTime = ago(d) }
}

func created(d time.Duration) func(*coordinationv1beta1.LeaseCandidate) {
	return func(c *coordinationv1beta1.LeaseCandidate) { c.CreationTimestamp = metav1.NewTime(now.Add(-d)) }
}

func thirdParty(c *coordinationv1beta1.LeaseCandidate) { c.Spec.Strategy = "example.com/mine" }

// lease returns a lease of 15 seconds.
func lease(holder, preferred string, age time.Duration) *coordinationv1.Lease {
	l := &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: ptr.To[int32](15), RenewTime: ago(age),
		AcquireTime: ago(time.Hour), LeaseTransitions: ptr.To[int32](3), Strategy: ptr.To(coordinationv1.OldestEmulationVersion)}}
	if preferred != "" {
		l.Spec.PreferredHolder = &preferred
	}
	return l
}

func TestDecide(t *testing.T) {
	type candidates = []*coordinationv1beta1.LeaseCandidate
	for _, test := range []struct {
		name              string
		lease             *coordinationv1.Lease
		candidates        candidates
		ping              []string
		holder, preferred string // of the written lease; both empty if none is written
		again             time.Duration
	}{
		{name: "no candidates", lease: lease("a", "", time.Hour)},
		{name: "first candidate", candidates: candidates{candidate("a", "1.36.0", "1.36.0")}, holder: "a", again: firstLease},
		{name: "stale candidate",
			candidates: candidates{candidate("a", "1.36.0", "1.36.0", renewed(time.Minute))}, ping: []string{"a"}, again: answerTime},
		{name: "one of two is stale",
			candidates: candidates{candidate("a", "1.36.0", "1.36.0"), candidate("b", "1.36.0", "1.36.0", renewed(time.Minute))},
			ping:       []string{"b"}, again: answerTime},
		{name: "waiting for an answer",
			candidates: candidates{candidate("a", "1.36.0", "1.36.0"),
				candidate("b", "1.36.0", "1.36.0", renewed(time.Minute), pinged(2*time.Second))},
			again: 3 * time.Second},
		{name: "no answer",
			candidates: candidates{candidate("a", "1.36.0", "1.36.0"),
				candidate("b", "1.35.0", "1.35.0", renewed(time.Minute), pinged(6*time.Second))},
			holder: "a", again: firstLease},
		{name: "no answer of anybody",
			candidates: candidates{candidate("b", "1.35.0", "1.35.0", renewed(time.Minute), pinged(6*time.Second))}, again: answerTime},
		{name: "answered after a silence",
			candidates: candidates{candidate("b", "1.35.0", "1.35.0", pinged(2*time.Minute))}, holder: "b", again: firstLease},
		{name: "the lease is given to the best", lease: lease("a", "", time.Second),
			candidates: candidates{candidate("a", "1.36.0", "1.35.0"), candidate("b", "1.36.0", "1.36.0")},
			again:      14 * time.Second},
		{name: "a better one comes", lease: lease("a", "", time.Second),
			candidates: candidates{candidate("a", "1.36.0", "1.36.0"), candidate("b", "1.36.0", "1.35.0")},
			holder:     "a", preferred: "b", again: 14 * time.Second},
		{name: "a better one comes, the holder is stale", lease: lease("a", "", time.Second),
			candidates: candidates{candidate("a", "1.36.0", "1.36.0", renewed(time.Minute)),
				candidate("b", "1.36.0", "1.35.0")}, ping: []string{"a"}, again: answerTime},
		{name: "the end of the term is announced", lease: lease("a", "b", time.Second),
			candidates: candidates{candidate("a", "1.36.0", "1.36.0"), candidate("b", "1.36.0", "1.35.0")},
			again:      14 * time.Second},
		{name: "the end of the term", lease: lease("a", "b", 16*time.Second),
			candidates: candidates{candidate("a", "1.36.0", "1.36.0"), candidate("b", "1.36.0", "1.35.0")},
			holder:     "b", again: firstLease},
		{name: "the better one is silent", lease: lease("a", "", time.Second),
			candidates: candidates{candidate("a", "1.36.0", "1.36.0"),
				candidate("b", "1.36.0", "1.35.0", renewed(time.Hour), pinged(time.Minute))}, again: 14 * time.Second},
		{name: "holder without a candidate", lease: lease("old", "", time.Second), candidates: candidates{candidate("a", "1.36.0", "1.36.0")},
			holder: "old", preferred: "a", again: 14 * time.Second},
		{name: "lower emulation version",
			candidates: candidates{candidate("a", "1.36.0", "1.36.0"), candidate("b", "1.37.0", "1.35.0")}, holder: "b", again: firstLease},
		{name: "lower binary version",
			candidates: candidates{candidate("a", "1.37.0", "1.35.0"), candidate("b", "1.36.0", "1.35.0")}, holder: "b", again: firstLease},
		{name: "older",
			candidates: candidates{candidate("a", "1.36.0", "1.36.0", created(time.Hour)), candidate("b", "1.36.0", "1.36.0", created(2*time.Hour))},
			holder:     "b", again: firstLease},
		{name: "first by name",
			candidates: candidates{candidate("b", "1.36.0", "1.36.0"), candidate("a", "1.36.0", "1.36.0")}, holder: "a", again: firstLease},
		{name: "third party, lease exists", lease: lease("a", "", time.Hour), candidates: candidates{candidate("a", "1.36.0", "1.36.0", thirdParty)}},
		{name: "the newest binary decides on the strategy", lease: lease("a", "", time.Hour),
			candidates: candidates{candidate("a", "1.35.0", "1.35.0"), candidate("b", "1.36.0", "1.36.0", thirdParty)}},
	} {
		got := (&election{lease: test.lease, candidates: test.candidates, now: now}).decide()
		var ping []string
		for _, c := range got.ping {
			ping = append(ping, c.Name)
		}
		var holder, preferred string
		if got.lease != nil {
			holder, preferred = ptr.Deref(got.lease.HolderIdentity, ""), ptr.Deref(got.lease.PreferredHolder, "")
		}
		if !slices.Equal(ping, test.ping) || holder != test.holder || preferred != test.preferred || got.again != test.again {
			t.Errorf("%s: ping %v, holder %q, preferred %q, again after %v", test.name, ping, holder, preferred, got.again)
		}
	}
}

// TestGive expects the lease that kube-apiserver writes.
func TestGive(t *testing.T) {
	e := &election{lease: lease("a", "b", time.Hour), now: now}
	spec := e.give("b", coordinationv1.OldestEmulationVersion)
	if *spec.HolderIdentity != "b" || *spec.LeaseDurationSeconds != 5 || !spec.RenewTime.Equal(ago(0)) || spec.AcquireTime != nil || *spec.LeaseTransitions != 3 ||
		*spec.Strategy != coordinationv1.OldestEmulationVersion || spec.PreferredHolder != nil {
		t.Errorf("%+v", spec)
	}
	e = &election{candidates: []*coordinationv1beta1.LeaseCandidate{candidate("a", "1.36.0", "1.36.0", thirdParty)}, now: now}
	if d := e.decide(); d.lease == nil || d.lease.HolderIdentity != nil || *d.lease.Strategy != "example.com/mine" {
		t.Errorf("a third party chooses, but the lease is %+v", d.lease)
	}
}
