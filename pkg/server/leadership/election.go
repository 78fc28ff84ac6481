package leadership

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/blang/semver/v4"
	coordinationv1 "k8s.io/api/coordination/v1"
	coordinationv1beta1 "k8s.io/api/coordination/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

const (
	// answerTime is how long a candidate has to answer a ping, and how long an answer counts.
	answerTime = 5 * time.Second
	// firstLease is how long a lease is valid that was given to a candidate, which then
	// renews it as long as it wants.
	firstLease = 5 * time.Second
)

// election is the state of a lease and its candidates at one time.
type election struct {
	lease      *coordinationv1.Lease // nil if there is none
	candidates []*coordinationv1beta1.LeaseCandidate
	now        time.Time
}

// decision is what to do. After the time again, if it is not 0, the election has to be looked at once
// more.
type decision struct {
	ping []*coordinationv1beta1.LeaseCandidate
	// lease, if not nil, has to be created or updated.
	lease *coordinationv1.LeaseSpec
	again time.Duration
}

// decide returns what to do.
func (e *election) decide() decision {
	if len(e.candidates) == 0 {
		return decision{}
	}
	strategy := e.strategy()
	if strategy != coordinationv1.OldestEmulationVersion {
		return e.leaveToOthers(strategy)
	}
	held := e.held()
	if held > 0 {
		// A lease that is going to end needs no election before it does.
		best := best(e.notSilent()).Name
		if best == "" || best == *e.lease.Spec.HolderIdentity || best == ptr.Deref(e.lease.Spec.PreferredHolder, "") {
			return decision{again: held}
		}
	}
	if ping, wait := e.unheard(); len(ping) > 0 || wait > 0 {
		return decision{ping: ping, again: cmp.Or(wait, answerTime)}
	}
	chosen := best(e.fresh())
	switch {
	case chosen.Name == "":
		return decision{again: answerTime}
	case held == 0:
		return decision{lease: e.give(chosen.Name, strategy), again: firstLease}
	case chosen.Name == *e.lease.Spec.HolderIdentity:
		return decision{again: held}
	}
	spec := e.lease.Spec.DeepCopy()
	spec.Strategy, spec.PreferredHolder = &strategy, &chosen.Name
	return decision{lease: spec, again: held}
}

// held returns how long the lease is valid. It is 0 if nobody holds it.
func (e *election) held() time.Duration {
	if e.lease == nil {
		return 0
	}
	spec := e.lease.Spec
	if ptr.Deref(spec.HolderIdentity, "") == "" || spec.RenewTime == nil || spec.LeaseDurationSeconds == nil {
		return 0
	}
	return max(0, spec.RenewTime.Add(time.Duration(*spec.LeaseDurationSeconds)*time.Second).Sub(e.now))
}

// leaveToOthers returns the lease, without a holder, if the strategy is one of a third
// party, which then chooses the holder.
func (e *election) leaveToOthers(strategy coordinationv1.CoordinatedLeaseStrategy) decision {
	if e.lease != nil {
		return decision{}
	}
	return decision{lease: e.give("", strategy)}
}

// give returns the lease for a new holder. Its acquireTime is the holder's.
func (e *election) give(holder string, strategy coordinationv1.CoordinatedLeaseStrategy) *coordinationv1.LeaseSpec {
	spec := &coordinationv1.LeaseSpec{
		Strategy: &strategy, LeaseDurationSeconds: ptr.To(int32(firstLease / time.Second)), RenewTime: &metav1.MicroTime{Time: e.now}}
	if holder != "" {
		spec.HolderIdentity = &holder
	}
	if e.lease != nil {
		spec.LeaseTransitions = e.lease.Spec.LeaseTransitions
	}
	return spec
}

// strategy returns the strategy of the candidate with the newest binary version.
func (e *election) strategy() coordinationv1.CoordinatedLeaseStrategy {
	return slices.MaxFunc(e.candidates, func(a, b *coordinationv1beta1.LeaseCandidate) int {
		return compareVersions(a.Spec.BinaryVersion, b.Spec.BinaryVersion)
	}).Spec.Strategy
}

// unheard returns the candidates that have to be pinged and, if others have been pinged, how long to wait
// for their answer.
func (e *election) unheard() (ping []*coordinationv1beta1.LeaseCandidate, wait time.Duration) {
	for _, c := range e.candidates {
		switch left := answerTime - e.now.Sub(timeOf(c.Spec.PingTime)); {
		case e.isFresh(c):
		case !unanswered(c):
			ping = append(ping, c)
		case left > 0:
			wait = max(wait, left)
		}
	}
	return ping, wait
}

// fresh returns the candidates that have renewed themselves within answerTime.
func (e *election) fresh() (all []*coordinationv1beta1.LeaseCandidate) {
	for _, c := range e.candidates {
		if e.isFresh(c) {
			all = append(all, c)
		}
	}
	return all
}

// notSilent returns the candidates except those that have not answered a ping in time.
func (e *election) notSilent() (all []*coordinationv1beta1.LeaseCandidate) {
	for _, c := range e.candidates {
		if !unanswered(c) || e.now.Sub(c.Spec.PingTime.Time) < answerTime {
			all = append(all, c)
		}
	}
	return all
}

func (e *election) isFresh(c *coordinationv1beta1.LeaseCandidate) bool {
	return !unanswered(c) && e.now.Sub(timeOf(c.Spec.RenewTime)) < answerTime
}

func unanswered(c *coordinationv1beta1.LeaseCandidate) bool {
	return timeOf(c.Spec.PingTime).After(timeOf(c.Spec.RenewTime))
}

func timeOf(t *metav1.MicroTime) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}

// best returns the candidate with the oldest emulation version and, among several, the one with the
// oldest binary version, the oldest one, and the first by name. It has no name if
// there are no candidates.
func best(candidates []*coordinationv1beta1.LeaseCandidate) *coordinationv1beta1.LeaseCandidate {
	if len(candidates) == 0 {
		return &coordinationv1beta1.LeaseCandidate{}
	}
	return slices.MinFunc(candidates, func(a, b *coordinationv1beta1.LeaseCandidate) int {
		return cmp.Or(
			compareVersions(a.Spec.EmulationVersion, b.Spec.EmulationVersion),
			compareVersions(a.Spec.BinaryVersion, b.Spec.BinaryVersion),
			a.CreationTimestamp.Compare(b.CreationTimestamp.Time),
			strings.Compare(a.Name, b.Name),
		)
	})
}

// compareVersions compares semantic versions. One that cannot be parsed, which the API refuses, is the
// oldest.
func compareVersions(a, b string) int {
	x, _ := semver.ParseTolerant(a)
	y, _ := semver.ParseTolerant(b)
	return x.Compare(y)
}
