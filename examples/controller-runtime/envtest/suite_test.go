package envtest_test

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/gatehouse-k8s/gatehouse/examples/controller-runtime/operatortest"
)

func TestOperator(t *testing.T) {
	environment := &envtest.Environment{
		CRDDirectoryPaths:     []string{"../config/crd"},
		WebhookInstallOptions: envtest.WebhookInstallOptions{Paths: []string{"../config/webhook"}},
	}
	config, err := environment.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := environment.Stop(); err != nil {
			t.Error(err)
		}
	}()
	jane, err := environment.AddUser(envtest.User{Name: "jane", Groups: []string{"developers"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	hooks := environment.WebhookInstallOptions
	operatortest.Run(t, config, jane.Config(), webhook.Options{
		Host: hooks.LocalServingHost, Port: hooks.LocalServingPort, CertDir: hooks.LocalServingCertDir,
	})
}
