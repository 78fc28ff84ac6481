package testserver_test

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/gatehouse-k8s/gatehouse/examples/controller-runtime/operatortest"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

func TestOperator(t *testing.T) {
	server := testserver.Start(t, testserver.Options{
		CRDs:     testserver.Manifests{Paths: []string{"../config/crd"}},
		Webhooks: testserver.Webhooks{Manifests: testserver.Manifests{Paths: []string{"../config/webhook"}}},
	})
	jane, err := server.ConfigFor("jane", "developers")
	if err != nil {
		t.Fatal(err)
	}
	hooks := server.Webhooks
	operatortest.Run(t, server.Config, jane, webhook.Options{Host: hooks.Host, Port: hooks.Port, CertDir: hooks.CertDir})
}
