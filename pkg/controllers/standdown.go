package controllers

import (
	"context"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	coordinationinformers "k8s.io/client-go/informers/coordination/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// The Lease that a kube-controller-manager holds while it runs its controllers.
const (
	leaseNamespace = metav1.NamespaceSystem
	leaseName      = "kube-controller-manager"
)

// Crew runs controllers while no kube-controller-manager does. It never takes the
// Lease itself: a kube-controller-manager that starts gets it at once, and the crew
// stands down until the Lease is released or expires.
type Crew struct {
	informers func(context.Context)
	make      func() []*Loop
	// first are the loops of the first period. They are made before the informers
	// start, so that all informers start together.
	first []*Loop
	// lease is nil if the server does not serve Leases: then nobody can hold one.
	lease cache.SharedIndexInformer
	held  tenure
}

// NewCrew returns the crew of the chosen controllers, which Validate has accepted. It
// must be called before the informers of deps start.
func (l List) NewCrew(choice []string, deps Deps, served func(schema.GroupVersionResource) bool) *Crew {
	c := &Crew{informers: deps.Informers.StartWithContext, make: func() []*Loop { return l.New(choice, deps, served) }}
	c.first = c.make()
	if len(c.first) > 0 && served(coordinationv1.SchemeGroupVersion.WithResource("leases")) {
		c.lease = deps.Informers.InformerFor(&managerLease{}, newLeaseInformer)
	}
	return c
}

// managerLease keeps the informer of the one Lease apart from that of all Leases.
type managerLease struct{ coordinationv1.Lease }

func newLeaseInformer(client kubernetes.Interface, resync time.Duration) cache.SharedIndexInformer {
	return coordinationinformers.NewFilteredLeaseInformer(client, leaseNamespace, resync, nil, func(options *metav1.ListOptions) {
		options.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, leaseName).String()
	})
}

// Run runs the controllers until the context ends, and returns when all have ended.
func (c *Crew) Run(ctx context.Context) {
	if c.lease == nil {
		c.work(ctx, c.first)
		return
	}
	changed := signals.NewPulse()
	registration, err := c.lease.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { c.held.observe(obj, time.Now()); changed.Enqueue() },
		UpdateFunc: func(_, obj any) { c.held.observe(obj, time.Now()); changed.Enqueue() },
		DeleteFunc: func(any) { c.held.observe(nil, time.Now()); changed.Enqueue() },
	})
	if err != nil {
		klog.FromContext(ctx).Error(err, "Failed to watch the lease of kube-controller-manager, the controllers do not run")
		return
	}
	defer func() { _ = c.lease.RemoveEventHandler(registration) }() // fails only for registrations of other informers
	if signals.Wait(ctx, registration.HasSyncedChecker().Done()) {
		c.takeTurns(ctx, changed)
	}
}

// takeTurns runs the controllers while nobody holds the Lease. It looks again when the
// Lease has changed, and when it expires. That it stops and goes on is a warning in the
// log, because information is not logged by default.
func (c *Crew) takeTurns(ctx context.Context, changed <-chan struct{}) {
	loops, former := c.first, ""
	c.first = nil // a loop runs only once
	var rest func()
	for ctx.Err() == nil {
		holder, left := c.held.by(time.Now())
		switch {
		case holder != "" && former == "":
			klog.Warningf("The controllers of this server stand down: %s holds the lease %s/%s", holder, leaseNamespace, leaseName)
			if rest != nil {
				rest()
				rest = nil
			}
			loops = nil
		case holder == "" && rest == nil:
			if former != "" {
				klog.Warningf("The controllers of this server run again: %s does not hold the lease %s/%s any more", former, leaseNamespace, leaseName)
				loops = c.make()
			}
			rest = c.start(ctx, loops)
		}
		former = holder
		expires := time.NewTimer(left)
		if holder == "" {
			expires.Stop()
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-expires.C:
		}
		expires.Stop()
	}
	if rest != nil {
		rest()
	}
}

// start runs loops. The function that it returns ends them, and waits for them.
func (c *Crew) start(ctx context.Context, loops []*Loop) (stop func()) {
	c.informers(ctx) // those that the loops have asked for since the others were started
	ctx, cancel := context.WithCancel(ctx)
	ended := signals.NewLatch()
	go func() {
		defer ended.Set()
		c.work(ctx, loops)
	}()
	return func() {
		cancel()
		<-ended.Done()
	}
}

// work runs loops until the context ends.
func (c *Crew) work(ctx context.Context, loops []*Loop) {
	var running sync.WaitGroup
	for _, loop := range loops {
		running.Go(func() { loop.Run(ctx) })
	}
	running.Wait()
}

// tenure is who holds the Lease, and until when.
type tenure struct {
	mu     sync.Mutex
	holder string
	// renewed is renewTime; it is the time of the observation if that is earlier,
	// because the clock of the holder may be wrong.
	renewed, renewTime time.Time
	lasts              time.Duration
}

// observe takes note of the Lease as it is now, nil if there is none. A Lease that
// lacks something, or that has a duration that is not positive, is held by nobody.
func (t *tenure) observe(obj any, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lease, ok := obj.(*coordinationv1.Lease)
	if !ok || lease.Spec.RenewTime == nil {
		t.holder = ""
		return
	}
	t.holder = ptr.Deref(lease.Spec.HolderIdentity, "")
	t.lasts = time.Duration(ptr.Deref(lease.Spec.LeaseDurationSeconds, 0)) * time.Second
	if renewTime := lease.Spec.RenewTime.Time; !renewTime.Equal(t.renewTime) {
		t.renewTime, t.renewed = renewTime, renewTime
		if now.Before(renewTime) {
			t.renewed = now
		}
	}
}

// by returns who holds the Lease, and for how long still. The holder is empty if nobody
// does.
func (t *tenure) by(now time.Time) (holder string, left time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if left = t.renewed.Add(t.lasts).Sub(now); t.holder == "" || left <= 0 {
		return "", 0
	}
	return t.holder, left
}
