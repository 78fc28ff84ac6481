// Package shared_test shows how many tests share one server: TestMain starts the
// server and the operator, and each test has a namespace of its own.
package shared_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/gatehouse-k8s/gatehouse/examples/controller-runtime/operatortest"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// server is the server of all tests.
var server *testserver.Server

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		log.Fatal(err)
	}
	os.Exit(code)
}

// run runs the tests with a server and the operator.
func run(m *testing.M) (code int, err error) {
	server, err = testserver.New(context.Background(), testserver.Options{
		CRDs:     testserver.Manifests{Paths: []string{"../config/crd"}},
		Webhooks: testserver.Webhooks{Manifests: testserver.Manifests{Paths: []string{"../config/webhook"}}},
	})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	hooks := server.Webhooks
	stop, err := operatortest.Start(server.Config, webhook.Options{Host: hooks.Host, Port: hooks.Port, CertDir: hooks.CertDir})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	return m.Run(), nil
}

// newNamespace makes a namespace for a test, and waits at the end of the test
// until it is gone with everything in it. envtest would keep it for ever.
func newNamespace(t *testing.T) (c client.Client, namespace string) {
	t.Helper()
	c = operatortest.NewClient(t, server.Config)
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := c.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background() // the context of the test has ended
		if err := c.Delete(ctx, object); err != nil {
			t.Error(err)
		}
		operatortest.Eventually(t, "the namespace is gone", func() bool {
			return apierrors.IsNotFound(c.Get(ctx, client.ObjectKeyFromObject(object), object))
		})
	})
	return c, object.Name
}

func TestURL(t *testing.T) {
	for i := range 10 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			c, namespace := newNamespace(t)
			if err := c.Create(t.Context(), operatortest.NewSite(namespace, "shop", namespace+".example.com")); err != nil {
				t.Fatal(err)
			}
			site := operatortest.WaitForStatus(t, c, client.ObjectKey{Namespace: namespace, Name: "shop"})
			if site.Status.URL != "https://"+namespace+".example.com" {
				t.Errorf("the status is %+v", site.Status)
			}
		})
	}
}

// TestPageIsCollected needs a garbage collector, which envtest does not have.
func TestPageIsCollected(t *testing.T) {
	t.Parallel()
	c, namespace := newNamespace(t)
	site := operatortest.NewSite(namespace, "shop", namespace+".example.com")
	if err := c.Create(t.Context(), site); err != nil {
		t.Fatal(err)
	}
	operatortest.WaitForStatus(t, c, client.ObjectKeyFromObject(site))
	page := &corev1.ConfigMap{}
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(site), page); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(t.Context(), site); err != nil {
		t.Fatal(err)
	}
	operatortest.Eventually(t, "the page is collected", func() bool {
		return apierrors.IsNotFound(c.Get(t.Context(), client.ObjectKeyFromObject(site), page))
	})
}
