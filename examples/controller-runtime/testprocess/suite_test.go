package testprocess_test

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/gatehouse-k8s/gatehouse/examples/controller-runtime/operatortest"
	"github.com/gatehouse-k8s/gatehouse/pkg/testprocess"
)

func TestOperator(t *testing.T) {
	server := testprocess.Start(t, testprocess.Options{
		CRDs:     testprocess.Manifests{Paths: []string{"../config/crd"}},
		Webhooks: testprocess.Webhooks{Manifests: testprocess.Manifests{Paths: []string{"../config/webhook"}}},
	})
	jane, err := server.ConfigFor("jane", "developers")
	if err != nil {
		t.Fatal(err)
	}
	hooks := server.Webhooks
	operatortest.Run(t, server.Config, jane, webhook.Options{Host: hooks.Host, Port: hooks.Port, CertDir: hooks.CertDir})
}
