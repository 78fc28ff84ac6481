package controllers_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// calls records the keys with which Sync was called.
type calls struct {
	mu   sync.Mutex
	keys []string
}

func (c *calls) note(key string) (times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = append(c.keys, key)
	for _, k := range c.keys {
		if k == key {
			times++
		}
	}
	return times
}

func (c *calls) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.keys)
	if !slices.Equal(c.keys, want) {
		t.Errorf("Sync was called for %q, want %q", c.keys, want)
	}
	c.keys = nil
}

// run runs a loop on the ConfigMaps of a client in a synctest bubble: time
// passes only when all goroutines wait, and all goroutines must have ended at
// the end.
func run(t *testing.T, sync func(ctx context.Context, l *controllers.Loop, key string) error, test func(client kubernetes.Interface, l *controllers.Loop)) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset(configMap("first"))
		factory := informers.NewSharedInformerFactory(client, 0)
		l := &controllers.Loop{
			Workers: 2,
			Watches: []controllers.Watch{
				controllers.On(factory.Core().V1().ConfigMaps().Informer(), controllers.Self[*corev1.ConfigMap]),
				controllers.Reads(factory.Core().V1().Secrets().Informer()),
			},
		}
		l.Sync = func(ctx context.Context, key string) error { return sync(ctx, l, key) }
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			l.Run(ctx)
			close(ended)
		}()
		synctest.Wait()
		factory.StartWithContext(ctx)
		test(client, l)
		cancel()
		<-ended
		factory.Shutdown()
	})
}

func configMap(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}}
}

func TestEvents(t *testing.T) {
	var c calls
	run(t, func(_ context.Context, _ *controllers.Loop, key string) error {
		c.note(key)
		return nil
	}, func(client kubernetes.Interface, _ *controllers.Loop) {
		c.expect(t, "ns/first")
		for _, event := range []struct {
			name string
			call func() error
		}{
			{"create", func() error {
				_, err := client.CoreV1().ConfigMaps("ns").Create(t.Context(), configMap("second"), metav1.CreateOptions{})
				return err
			}},
			{"update", func() error {
				_, err := client.CoreV1().ConfigMaps("ns").Update(t.Context(), configMap("second"), metav1.UpdateOptions{})
				return err
			}},
			{"delete", func() error {
				return client.CoreV1().ConfigMaps("ns").Delete(t.Context(), "second", metav1.DeleteOptions{})
			}},
		} {
			if err := event.call(); err != nil {
				t.Errorf("%s: %v", event.name, err)
			}
			c.expect(t, "ns/second")
		}
	})
}

func TestFailuresAreRetried(t *testing.T) {
	for _, test := range []struct {
		name string
		fail func() error
	}{
		{"an error", func() error { return errors.New("not today") }},
		{"a panic", func() error { panic("not today") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c calls
			run(t, func(_ context.Context, _ *controllers.Loop, key string) error {
				if c.note(key) < 3 {
					return test.fail()
				}
				return nil
			}, func(kubernetes.Interface, *controllers.Loop) {
				time.Sleep(time.Hour)
				c.expect(t, "ns/first", "ns/first", "ns/first")
			})
		})
	}
}

func TestAddAfter(t *testing.T) {
	var c calls
	run(t, func(_ context.Context, l *controllers.Loop, key string) error {
		if c.note(key) == 1 && key == "ns/first" {
			l.Add("now")
			l.AddAfter("later", time.Hour)
		}
		return nil
	}, func(kubernetes.Interface, *controllers.Loop) {
		c.expect(t, "now", "ns/first")
		time.Sleep(2 * time.Hour)
		c.expect(t, "later")
	})
}

// TestStop ends the context while Sync runs. Run must wait for Sync and must
// not handle further keys.
func TestStop(t *testing.T) {
	var c calls
	finished := false
	run(t, func(ctx context.Context, l *controllers.Loop, key string) error {
		c.note(key)
		for _, other := range []string{"a", "b", "c"} {
			l.AddAfter(other, time.Hour)
		}
		<-ctx.Done()
		time.Sleep(time.Minute)
		finished = true
		return ctx.Err()
	}, func(kubernetes.Interface, *controllers.Loop) { synctest.Wait() })
	if !finished || len(c.keys) != 1 {
		t.Errorf("finished: %v; Sync was called for %q", finished, c.keys)
	}
}

// TestStopBeforeSync ends the context before the informers have synced.
func TestStopBeforeSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		factory := informers.NewSharedInformerFactory(fake.NewClientset(), 0)
		l := &controllers.Loop{
			Watches: []controllers.Watch{controllers.On(factory.Core().V1().ConfigMaps().Informer(), controllers.Self[*corev1.ConfigMap])},
			Sync:    func(context.Context, string) error { return errors.New("called") },
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		l.Run(ctx)
	})
}

// informer gives a test access to the event handler of a watch.
type informer struct {
	cache.SharedIndexInformer
	handler cache.ResourceEventHandler
}

func (i *informer) AddEventHandler(handler cache.ResourceEventHandler) (cache.ResourceEventHandlerRegistration, error) {
	i.handler = handler
	return i.SharedIndexInformer.AddEventHandler(cache.ResourceEventHandlerFuncs{})
}

func TestHandler(t *testing.T) {
	panics := func(obj *corev1.ConfigMap) []string {
		if obj.Name == "panic" {
			panic(obj.Name)
		}
		return controllers.Self(obj)
	}
	for _, test := range []struct {
		name  string
		event func(cache.ResourceEventHandler)
		want  []string
	}{
		{"a change concerns the old and the new object", func(h cache.ResourceEventHandler) {
			h.OnUpdate(configMap("old"), configMap("new"))
		}, []string{"ns/new", "ns/old"}},
		{"a tombstone", func(h cache.ResourceEventHandler) {
			h.OnDelete(cache.DeletedFinalStateUnknown{Key: "ns/gone", Obj: configMap("gone")})
		}, []string{"ns/gone"}},
		{"a tombstone without an object", func(h cache.ResourceEventHandler) { h.OnDelete(cache.DeletedFinalStateUnknown{Key: "ns/gone"}) }, nil},
		{"another type", func(h cache.ResourceEventHandler) { h.OnAdd(&corev1.Secret{}, false) }, nil},
		{"a panic", func(h cache.ResourceEventHandler) { h.OnAdd(configMap("panic"), false) }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c calls
				factory := informers.NewSharedInformerFactory(fake.NewClientset(), 0)
				i := &informer{SharedIndexInformer: factory.Core().V1().ConfigMaps().Informer()}
				l := &controllers.Loop{Watches: []controllers.Watch{controllers.On(i, panics)}, Sync: func(_ context.Context, key string) error {
					c.note(key)
					return nil
				}}
				ctx, cancel := context.WithCancel(t.Context())
				factory.StartWithContext(ctx)
				go l.Run(ctx)
				synctest.Wait()
				test.event(i.handler)
				c.expect(t, test.want...)
				cancel()
				factory.Shutdown()
			})
		})
	}
}

// TestLoopWithoutKeys shows that a loop that never has a key ends, also if a key is
// added then.
func TestLoopWithoutKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &calls{}
		loop := &controllers.Loop{Sync: func(_ context.Context, key string) error {
			c.note(key)
			return nil
		}}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			loop.Run(ctx)
			close(ended)
		}()
		synctest.Wait()
		cancel()
		<-ended
		loop.Add("late")
		synctest.Wait()
		c.expect(t)
	})
}
