package leadership

import (
	"context"
	"errors"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	coordinationv1beta1 "k8s.io/api/coordination/v1beta1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	leaselisters "k8s.io/client-go/listers/coordination/v1"
	candidatelisters "k8s.io/client-go/listers/coordination/v1beta1"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// controller gives leases to their best candidates. A key is a namespace and the name of a lease.
type controller struct {
	client     kubernetes.Interface
	leases     leaselisters.LeaseLister
	candidates candidatelisters.LeaseCandidateLister
	loop       *controllers.Loop
	now        func() time.Time
}

// coordinate gives leases to candidates until the context ends.
func coordinate(ctx context.Context, client kubernetes.Interface) {
	factory := informers.NewSharedInformerFactory(client, 0)
	leases, candidates := factory.Coordination().V1().Leases(), factory.Coordination().V1beta1().LeaseCandidates()
	c := &controller{client: client, leases: leases.Lister(), candidates: candidates.Lister(), now: time.Now}
	c.loop = &controllers.Loop{
		Name: "coordinated-leader-election-controller",
		Watches: []controllers.Watch{
			controllers.On(leases.Informer(), controllers.Self[*coordinationv1.Lease]),
			controllers.On(candidates.Informer(), func(c *coordinationv1beta1.LeaseCandidate) []string {
				return []string{cache.ObjectName{Namespace: c.Namespace, Name: c.Spec.LeaseName}.String()}
			}),
		},
		Sync: c.sync,
	}
	collect := &controllers.Loop{
		Name:    "leasecandidate-garbage-collector",
		Watches: []controllers.Watch{controllers.On(candidates.Informer(), controllers.Self[*coordinationv1beta1.LeaseCandidate])},
	}
	collect.Sync = func(ctx context.Context, key string) error { return c.collect(ctx, key, collect.AddAfter) }
	factory.StartWithContext(ctx)
	defer factory.Shutdown()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		collect.Run(ctx)
	}()
	c.loop.Run(ctx)
	<-ended
}

// sync does for one lease what decide says.
func (c *controller) sync(ctx context.Context, key string) error {
	name, err := cache.ParseObjectName(key)
	if err != nil {
		return err
	}
	state, err := c.election(name)
	if err != nil {
		return err
	}
	d := state.decide()
	for _, candidate := range d.ping {
		candidate = candidate.DeepCopy()
		candidate.Spec.PingTime = &metav1.MicroTime{Time: state.now}
		_, err := c.client.CoordinationV1beta1().LeaseCandidates(name.Namespace).Update(ctx, candidate, metav1.UpdateOptions{})
		// A candidate that has changed or is gone meanwhile is looked at again.
		if err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			return err
		}
	}
	if d.lease != nil {
		if err := c.write(ctx, name, state.lease, d.lease); err != nil {
			return err
		}
	}
	if d.again > 0 {
		c.loop.AddAfter(key, d.again)
	}
	return nil
}

// election reads the state of a lease.
func (c *controller) election(name cache.ObjectName) (*election, error) {
	all, err := c.candidates.LeaseCandidates(name.Namespace).List(labels.Everything())
	if err != nil {
		return nil, err
	}
	state := &election{now: c.now()}
	for _, candidate := range all {
		if candidate.Spec.LeaseName == name.Name {
			state.candidates = append(state.candidates, candidate)
		}
	}
	state.lease, err = c.leases.Leases(name.Namespace).Get(name.Name)
	if apierrors.IsNotFound(err) {
		state.lease, err = nil, nil
	}
	return state, err
}

func (c *controller) write(ctx context.Context, name cache.ObjectName, have *coordinationv1.Lease, spec *coordinationv1.LeaseSpec) error {
	client := c.client.CoordinationV1().Leases(name.Namespace)
	if have == nil {
		lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: name.Name, Namespace: name.Namespace}, Spec: *spec}
		_, err := client.Create(ctx, lease, metav1.CreateOptions{})
		return err
	}
	if apiequality.Semantic.DeepEqual(&have.Spec, spec) {
		return nil
	}
	changed := have.DeepCopy()
	changed.Spec = *spec
	_, err := client.Update(ctx, changed, metav1.UpdateOptions{})
	return err
}

// candidateAge is how long a candidate is kept that does not renew itself. Candidates renew
// themselves every five minutes.
const candidateAge = 30 * time.Minute

// collect deletes a candidate that has not renewed itself for candidateAge.
func (c *controller) collect(ctx context.Context, key string, again func(string, time.Duration)) error {
	name, err := cache.ParseObjectName(key)
	if err != nil {
		return err
	}
	candidate, err := c.candidates.LeaseCandidates(name.Namespace).Get(name.Name)
	if err != nil {
		return ignoreNotFound(err)
	}
	renewed := timeOf(candidate.Spec.RenewTime)
	if renewed.IsZero() {
		renewed = candidate.CreationTimestamp.Time
	}
	if left := renewed.Add(candidateAge).Sub(c.now()); left > 0 {
		again(key, left)
		return nil
	}
	// With the precondition, one that renews itself now is kept.
	err = c.client.CoordinationV1beta1().LeaseCandidates(name.Namespace).Delete(ctx, name.Name,
		metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &candidate.UID, ResourceVersion: &candidate.ResourceVersion}})
	return ignoreNotFound(err)
}

func ignoreNotFound(err error) error {
	var status apierrors.APIStatus
	if errors.As(err, &status) && apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
