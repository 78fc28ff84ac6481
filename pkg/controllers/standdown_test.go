package controllers_test

import (
	"context"
	goruntime "runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// crew is a crew of one controller in a synctest bubble. The controller notes the names
// of the ConfigMaps that it is told of.
type crew struct {
	t      *testing.T
	client kubernetes.Interface
	noted  chan string
	mu     sync.Mutex
	made   int
}

// withCrew runs a crew on a server that serves Leases, and on which one is held, or not.
func withCrew(t *testing.T, served, held bool, test func(*crew)) {
	synctest.Test(t, func(t *testing.T) {
		c := &crew{t: t, client: fake.NewClientset(configMap("first")), noted: make(chan string, 1000)}
		if held {
			c.write(lease("real", 15))
		}
		factory := informers.NewSharedInformerFactory(c.client, 0)
		list := controllers.List{{Name: "noting", New: func(d controllers.Deps) *controllers.Loop {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.made++; c.made > 1 {
				// An informer that nobody has asked for before the factory started.
				d.Informers.Core().V1().Secrets().Informer()
			}
			watches := []controllers.Watch{controllers.On(d.Informers.Core().V1().ConfigMaps().Informer(), controllers.Self[*corev1.ConfigMap])}
			if c.made > 1 {
				watches = append(watches, controllers.Reads(d.Informers.Core().V1().Secrets().Informer()))
			}
			return &controllers.Loop{Watches: watches, Sync: func(_ context.Context, key string) error {
				c.noted <- key
				return nil
			}}
		}}}
		crew := list.NewCrew([]string{"*"}, controllers.Deps{Client: c.client, Informers: factory},
			func(schema.GroupVersionResource) bool { return served })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			crew.Run(ctx)
			close(ended)
		}()
		synctest.Wait()
		factory.StartWithContext(ctx)
		synctest.Wait()
		test(c)
		cancel()
		<-ended
		factory.Shutdown()
	})
}

// lease returns the Lease of kube-controller-manager, renewed now.
func lease(holder string, seconds int32) *coordinationv1.Lease {
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "kube-controller-manager"},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds,
			RenewTime: ptr.To(metav1.NewMicroTime(time.Now()))},
	}
}

// write creates or replaces the Lease.
func (c *crew) write(l *coordinationv1.Lease) {
	c.t.Helper()
	leases := c.client.CoordinationV1().Leases(l.Namespace)
	_, err := leases.Update(c.t.Context(), l, metav1.UpdateOptions{})
	if err != nil {
		_, err = leases.Create(c.t.Context(), l, metav1.CreateOptions{})
	}
	if err != nil {
		c.t.Fatal(err)
	}
	synctest.Wait()
}

// expect checks whether the controller runs: if it does, it notes a new ConfigMap.
func (c *crew) expect(runs bool) {
	c.t.Helper()
	synctest.Wait()
	for len(c.noted) > 0 {
		<-c.noted
	}
	maps := c.client.CoreV1().ConfigMaps("ns")
	if _, err := maps.Create(c.t.Context(), configMap("new"), metav1.CreateOptions{}); err != nil {
		c.t.Fatal(err)
	}
	if err := maps.Delete(c.t.Context(), "new", metav1.DeleteOptions{}); err != nil {
		c.t.Fatal(err)
	}
	synctest.Wait()
	if got := len(c.noted) > 0; got != runs {
		c.t.Errorf("runs: %v, want %v", got, runs)
	}
}

// TestStandDown starts crews on servers that have a Lease already.
func TestStandDown(t *testing.T) {
	for _, test := range []struct {
		name   string
		served bool
		held   bool
		want   bool
	}{
		{"nobody has the lease", true, false, true},
		{"somebody has the lease", true, true, false},
		{"leases are not served", false, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			withCrew(t, test.served, test.held, func(c *crew) {
				c.expect(test.want)
				time.Sleep(16 * time.Second)
				c.expect(true)
			})
		})
	}
}

// TestTurns changes the Lease, and expects who works.
func TestTurns(t *testing.T) {
	renewed := func(l *coordinationv1.Lease, at time.Duration) *coordinationv1.Lease {
		l.Spec.RenewTime.Time = l.Spec.RenewTime.Add(at)
		return l
	}
	for _, test := range []struct {
		name string
		run  func(*crew)
	}{
		{"taken and released", func(c *crew) {
			c.write(lease("real", 15))
			c.expect(false)
			c.write(lease("", 1))
			c.expect(true)
		}},
		{"taken and deleted", func(c *crew) {
			c.write(lease("real", 15))
			c.expect(false)
			if err := c.client.CoordinationV1().Leases("kube-system").Delete(c.t.Context(), "kube-controller-manager", metav1.DeleteOptions{}); err != nil {
				c.t.Fatal(err)
			}
			c.expect(true)
		}},
		{"renewed, and expired", func(c *crew) {
			for range 5 {
				c.write(lease("real", 15))
				time.Sleep(10 * time.Second)
				c.expect(false)
			}
			time.Sleep(4 * time.Second)
			c.expect(false)
			time.Sleep(2 * time.Second)
			c.expect(true)
			c.write(lease("another", 15))
			c.expect(false)
			time.Sleep(16 * time.Second)
			c.expect(true)
		}},
		{"passed from one holder to another", func(c *crew) {
			c.write(lease("real", 15))
			c.write(lease("another", 15))
			c.expect(false)
		}},
		{"expired when it is first seen", func(c *crew) {
			c.write(renewed(lease("real", 15), -time.Minute))
			c.expect(true)
		}},
		{"renewed in the future", func(c *crew) {
			future := renewed(lease("real", 15), 24*time.Hour)
			c.write(future)
			c.expect(false)
			time.Sleep(10 * time.Second)
			future.Labels = map[string]string{"not": "renewed"}
			c.write(future)
			c.expect(false)
			time.Sleep(6 * time.Second)
			c.expect(true)
		}},
		{"without a duration", func(c *crew) {
			l := lease("real", 15)
			l.Spec.LeaseDurationSeconds = nil
			c.write(l)
			c.expect(true)
		}},
		{"with a negative duration", func(c *crew) {
			c.write(lease("real", -15))
			c.expect(true)
		}},
		{"without a time", func(c *crew) {
			l := lease("real", 15)
			l.Spec.RenewTime = nil
			c.write(l)
			c.expect(true)
		}},
		{"empty", func(c *crew) {
			l := lease("real", 15)
			l.Spec = coordinationv1.LeaseSpec{}
			c.write(l)
			c.expect(true)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			withCrew(t, true, false, func(c *crew) {
				c.expect(true)
				test.run(c)
			})
		})
	}
}

// TestTurnsLeaveNothing lets the Lease come and go many times. What a period has started
// ends with it.
func TestTurnsLeaveNothing(t *testing.T) {
	withCrew(t, true, false, func(c *crew) {
		goroutines := func() int { synctest.Wait(); return goruntime.NumGoroutine() }
		turn := func() {
			c.write(lease("real", 15))
			c.write(lease("", 1))
			c.expect(true)
		}
		turn() // starts an informer
		before := goroutines()
		for range 50 {
			turn()
		}
		if after := goroutines(); after > before {
			t.Errorf("%d goroutines before, %d after", before, after)
		}
		if c.made != 52 {
			t.Errorf("the controller was made %d times", c.made)
		}
		// Without waiting between the changes only the last state counts.
		for i := range 101 {
			l := lease([]string{"real", ""}[i%2], 15)
			if _, err := c.client.CoordinationV1().Leases(l.Namespace).Update(t.Context(), l, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		c.expect(false)
		c.write(lease("", 1))
		c.expect(true)
		if after := goroutines(); after > before {
			t.Errorf("%d goroutines before, %d after", before, after)
		}
	})
}
