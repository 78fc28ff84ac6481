package looptest

import (
	"context"
	"testing"
	"testing/synctest"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// On runs a controller, once, in a synctest bubble: time passes only when all goroutines wait.
// deps may lack the clients, which are those of the fake server, and the informers. When
// the controller has nothing more to do, On calls check, which may make changes and
// wait for the controller with synctest.Wait.
func On(t *testing.T, c controllers.Controller, client func() *fake.Clientset, deps controllers.Deps, check func(*testing.T, *fake.Clientset)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client := client()
		deps.Client, deps.Informers = client, informers.NewSharedInformerFactory(client, 0)
		loop := c.New(deps)
		ctx, cancel := context.WithCancel(t.Context())
		deps.Informers.StartWithContext(ctx)
		ended := make(chan struct{})
		go func() {
			loop.Run(ctx)
			close(ended)
		}()
		synctest.Wait()
		check(t, client)
		cancel()
		<-ended
		deps.Informers.Shutdown()
	})
}
