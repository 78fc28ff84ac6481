package webhooks

import (
	"reflect"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/mutating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/validating"
	"k8s.io/apiserver/pkg/authentication/user"
	webhookutil "k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
)

// TestSettings looks for what the plugins of k8s.io/apiserver can be initialized with:
// nothing of it may be lost.
func TestSettings(t *testing.T) {
	// What belongs to webhooks in files, and to the plugin itself.
	others := map[string]bool{"SetManifestLoaders": true, "SetStaticSourceFactory": true, "SetReadyFunc": true}
	for deferred, library := range map[any]any{&mutatingPlugin{}: &mutating.Plugin{}, &validatingPlugin{}: &validating.Plugin{}} {
		settings := 0
		for method := range reflect.TypeOf(library).Methods() {
			if !strings.HasPrefix(method.Name, "Set") && !strings.HasPrefix(method.Name, "Inspect") || others[method.Name] {
				continue
			}
			settings++
			if _, found := reflect.TypeOf(deferred).MethodByName(method.Name); !found {
				t.Errorf("%T has no %s", deferred, method.Name)
			}
		}
		if settings < 9 {
			t.Errorf("%T has %d settings", library, settings)
		}
	}
}

// TestDeferred sends requests before and after there is a webhook that cannot be called.
func TestDeferred(t *testing.T) {
	create, err := Mutating().New(nil)
	testutil.Check(t, err)
	plugin := create.(*mutatingPlugin)
	client := fake.NewClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	plugin.SetExternalKubeClientSet(client)
	plugin.SetExternalKubeInformerFactory(factory)
	plugin.SetServiceResolver(webhookutil.NewDefaultServiceResolver())
	testutil.Check(t, plugin.ValidateInitialization())

	admit := func(kind schema.GroupVersionKind, resource schema.GroupResource) error {
		return plugin.Admit(t.Context(), apiadmission.NewAttributesRecord(&corev1.ConfigMap{}, nil, kind, "", "n", resource.WithVersion("v1"), "",
			admission.Create, &metav1.CreateOptions{}, false, &user.DefaultInfo{Name: "u"}), apiadmission.NewObjectInterfacesFromScheme(apis.Scheme))
	}
	exempt := func() error {
		return admit(admissionregistrationv1.SchemeGroupVersion.WithKind("MutatingWebhookConfiguration"),
			admissionregistrationv1.Resource("mutatingwebhookconfigurations"))
	}
	configMap := func() error {
		return admit(corev1.SchemeGroupVersion.WithKind("ConfigMap"), corev1.Resource("configmaps"))
	}
	testutil.Check(t, exempt()) // does not wait for the informers, which do not run

	factory.StartWithContext(t.Context())
	testutil.Check(t, configMap())
	if plugin.current.Load() != nil {
		t.Error("the plugin was made without a webhook")
	}

	fail, none := admissionregistrationv1.Fail, admissionregistrationv1.SideEffectClassNone
	url := "https://127.0.0.1:1/"
	hook := admissionregistrationv1.MutatingWebhook{Name: "a.example.com", FailurePolicy: &fail, SideEffects: &none,
		AdmissionReviewVersions: []string{"v1"}, ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: &url},
		NamespaceSelector: &metav1.LabelSelector{}, ObjectSelector: &metav1.LabelSelector{},
		Rules: []admissionregistrationv1.RuleWithOperations{{Operations: []admissionregistrationv1.OperationType{"*"},
			Rule: admissionregistrationv1.Rule{APIGroups: []string{"*"}, APIVersions: []string{"*"}, Resources: []string{"*"}}}}}
	_, err = client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "n"}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = client.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(t.Context(), &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "a"}, Webhooks: []admissionregistrationv1.MutatingWebhook{hook}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	for tries := 0; configMap() == nil && tries < 1000; tries++ {
		time.Sleep(10 * time.Millisecond)
	}
	if err := configMap(); !apierrors.IsInternalError(err) {
		t.Errorf("the webhook that cannot be called: %v", err)
	}
	testutil.Check(t, exempt())
}
