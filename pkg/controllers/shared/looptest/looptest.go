// Package looptest runs a controller in a test: with a fake clientset and a fake clock.
package looptest

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// Run runs a controller in a synctest bubble on a clientset with these objects, and calls
// test when it has nothing to do any more. Time passes only while all goroutines wait.
// After the test the controller runs a second time on the same informers, as it does when
// it takes over again. All goroutines must have ended at the end. change may change what
// the controller gets; it may be nil.
func Run(t *testing.T, controller controllers.Controller, change func(*controllers.Deps),
	test func(t *testing.T, client *fake.Clientset), objects ...runtime.Object) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset(objects...)
		identify(client)
		factory := informers.NewSharedInformerFactory(client, 0)
		deps := controllers.Deps{Client: client, Informers: factory}
		if change != nil {
			change(&deps)
		}
		ctx, cancel := context.WithCancel(t.Context())
		for range 2 {
			loop := controller.New(deps)
			running, stop := context.WithCancel(ctx)
			ended := make(chan struct{})
			go func() {
				loop.Run(running)
				close(ended)
			}()
			factory.StartWithContext(ctx)
			synctest.Wait()
			if test != nil {
				test(t, client)
			}
			test = nil
			stop()
			<-ended
		}
		cancel()
		factory.Shutdown()
	})
}

// identify gives new objects a name and a UID, and all a new version with each write, as
// the server does.
func identify(client *fake.Clientset) {
	made := 0
	client.PrependReactor("create", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		accessor, err := meta.Accessor(action.(clienttesting.CreateAction).GetObject())
		if err != nil {
			return false, nil, nil
		}
		made++
		if accessor.GetName() == "" {
			accessor.SetName(fmt.Sprintf("%s%d", accessor.GetGenerateName(), made))
		}
		accessor.SetUID(types.UID(fmt.Sprint("uid-", made)))
		accessor.SetGeneration(1)
		accessor.SetResourceVersion(fmt.Sprint(made))
		return false, nil, nil
	})
	client.PrependReactor("update", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		accessor, err := meta.Accessor(action.(clienttesting.UpdateAction).GetObject())
		if err != nil {
			return false, nil, nil
		}
		made++
		accessor.SetResourceVersion(fmt.Sprint(made))
		if action.GetSubresource() == "" {
			accessor.SetGeneration(accessor.GetGeneration() + 1)
		}
		return false, nil, nil
	})
}

// ExpectEvent waits for a while and checks that a component has written an event with
// this reason and message. Without a text it checks that there is no event.
func ExpectEvent(t *testing.T, client *fake.Clientset, namespace, component, want string) {
	t.Helper()
	time.Sleep(time.Minute)
	synctest.Wait()
	list, err := client.CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, event := range list.Items {
		text := event.Reason + " " + event.Message
		if text == want && event.Source.Component == component {
			return
		}
		all = append(all, event.Source.Component+": "+text)
	}
	if want != "" || len(all) > 0 {
		t.Errorf("events %q, want %q of %s", all, want, component)
	}
}

// React is PrependReactor of a clientset that is in use by a running controller.
func React(client *fake.Clientset, verb, resource string, reaction clienttesting.ReactionFunc) {
	client.Lock()
	defer client.Unlock()
	client.PrependReactor(verb, resource, reaction)
}
