// Package operatortest is the test of the operator. It needs an API server that
// has the CRD and calls the webhooks, whoever runs it.
package operatortest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	restclient "k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	examplev1 "github.com/gatehouse-k8s/gatehouse/examples/controller-runtime/api/v1"
	"github.com/gatehouse-k8s/gatehouse/examples/controller-runtime/operator"
)

const patience = 30 * time.Second

// Run runs the operator and tests it. The first configuration is that of an
// administrator, the second that of a user without rights.
func Run(t *testing.T, admin, user *restclient.Config, serving webhook.Options) {
	ctx := t.Context()
	stop, err := Start(admin, serving)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	c := NewClient(t, admin)

	t.Run("the webhooks", func(t *testing.T) {
		shop := NewSite("default", "shop", "shop.example.com")
		if err := c.Create(ctx, shop); err != nil {
			t.Fatal(err)
		}
		if shop.Spec.Page != "Welcome to shop.example.com" {
			t.Errorf("the default of the page is %q", shop.Spec.Page)
		}
		if err := c.Create(ctx, NewSite("default", "bad", "no-domain")); !apierrors.IsForbidden(err) ||
			!strings.Contains(err.Error(), "must have a domain") {
			t.Errorf("a host without a domain: %v", err)
		}
	})
	t.Run("the status", func(t *testing.T) {
		site := WaitForStatus(t, c, client.ObjectKey{Namespace: "default", Name: "shop"})
		if site.Status.URL != "https://shop.example.com" || site.Status.ObservedGeneration != site.Generation {
			t.Errorf("the status is %+v", site.Status)
		}
		other := NewSite("default", "other", "shop.example.com")
		if err := c.Create(ctx, other); err != nil {
			t.Fatal(err)
		}
		if site := WaitForStatus(t, c, client.ObjectKeyFromObject(other)); site.Status.Message != "the host belongs to default/shop" {
			t.Errorf("the status is %+v", site.Status)
		}
	})
	t.Run("the finalizer", func(t *testing.T) {
		shop := NewSite("default", "shop", "")
		if err := c.Delete(ctx, shop); err != nil {
			t.Fatal(err)
		}
		Eventually(t, "the site is gone", func() bool { return apierrors.IsNotFound(c.Get(ctx, client.ObjectKeyFromObject(shop), shop)) })
		claim := client.ObjectKey{Namespace: "default", Name: "shop.example.com"}
		if err := c.Get(ctx, claim, &corev1.ConfigMap{}); !apierrors.IsNotFound(err) {
			t.Errorf("the claim of the host: %v", err)
		}
	})
	t.Run("a user without rights", func(t *testing.T) {
		if err := NewClient(t, user).List(ctx, &examplev1.SiteList{}); !apierrors.IsForbidden(err) {
			t.Errorf("the answer is %v", err)
		}
	})
}

// Start starts the operator, with its webhooks at the given place, and returns
// when these are served. The function stop stops it.
func Start(config *restclient.Config, serving webhook.Options) (stop func() error, err error) {
	log.SetLogger(logr.Discard())
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:        operator.NewScheme(),
		Metrics:       metricsserver.Options{BindAddress: "0"},
		WebhookServer: webhook.NewServer(serving),
	})
	if err != nil {
		return nil, err
	}
	if err := operator.AddTo(manager); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- manager.Start(ctx) }()
	stop = func() error {
		cancel()
		return <-ended
	}
	for started := manager.GetWebhookServer().StartedChecker(); started(nil) != nil; time.Sleep(5 * time.Millisecond) {
		select {
		case err := <-ended:
			cancel()
			return nil, err
		default:
		}
	}
	return stop, nil
}

// NewClient returns a client without a cache.
func NewClient(t *testing.T, config *restclient.Config) client.Client {
	t.Helper()
	c, err := client.New(config, client.Options{Scheme: operator.NewScheme()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// NewSite returns a site.
func NewSite(namespace, name, host string) *examplev1.Site {
	return &examplev1.Site{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       examplev1.SiteSpec{Host: host},
	}
}

// WaitForStatus returns a site when the operator has written its status.
func WaitForStatus(t *testing.T, c client.Client, key client.ObjectKey) *examplev1.Site {
	t.Helper()
	site := &examplev1.Site{}
	Eventually(t, "there is a status of "+key.String(), func() bool {
		return c.Get(t.Context(), key, site) == nil && site.Status.ObservedGeneration > 0
	})
	return site
}

// Eventually polls until holds returns true.
func Eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("in vain waited for: %s", what)
}
