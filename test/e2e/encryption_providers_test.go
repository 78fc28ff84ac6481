package e2e

import (
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// protobuf is how unencrypted objects of built-in types begin in etcd.
const protobuf = "k8s\x00"

// TestEncryptionProviders encrypts secrets, a whole group and custom resources with
// each provider, and reads them after a restart.
func TestEncryptionProviders(t *testing.T) {
	t.Parallel()
	_, kms := kmsProvider(t, "v2", "vault")
	for _, test := range []struct{ name, provider, prefix, custom string }{
		{"identity", identity, protobuf, "{"},
		{"aescbc", keyed("aescbc", "key1"), "k8s:enc:aescbc:v1:key1:", "k8s:enc:aescbc:v1:key1:"},
		{"aesgcm", keyed("aesgcm", "key1"), "k8s:enc:aesgcm:v1:key1:", "k8s:enc:aesgcm:v1:key1:"},
		{"secretbox", keyed("secretbox", "key1"), "k8s:enc:secretbox:v1:key1:", "k8s:enc:secretbox:v1:key1:"},
		{"kms", kms, "k8s:enc:kms:v2:vault:", "k8s:enc:kms:v2:vault:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := encryptionConfig("secrets, '*.apps', widgets.example.com", test.provider)
			e := startEncrypted(t, config)
			e.create("s")
			create(t, e.client(), "default", "plain")
			labels := map[string]string{"a": secretText}
			_, err := e.client().AppsV1().Deployments("default").Create(t.Context(), &appsv1.Deployment{ObjectMeta: named("d"),
				Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels},
					Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod("p").Spec}}}, metav1.CreateOptions{})
			testutil.Check(t, err)
			crd := establish(t, e.config, definition("example.com", "widgets", "Widget", `{"type":"object","x-kubernetes-preserve-unknown-fields":true}`))
			widgets := resourceOf(crd, "v1")
			_, err = dynamic.NewForConfigOrDie(e.config).Resource(widgets).Namespace("default").
				Create(t.Context(), custom(crd, "v1", "w", map[string]any{"text": secretText}), metav1.CreateOptions{})
			testutil.Check(t, err)

			e.stored("/registry/secrets/default/s", test.prefix)
			e.stored("/registry/deployments/default/d", test.prefix)
			e.stored("/registry/example.com/widgets/default/w", test.custom)
			e.stored("/registry/configmaps/default/plain", protobuf)

			e.restart(config)
			e.reads("s")
			_, err = e.client().AppsV1().Deployments("default").Get(t.Context(), "d", metav1.GetOptions{})
			testutil.Check(t, err)
			_, err = dynamic.NewForConfigOrDie(e.config).Resource(widgets).Namespace("default").Get(t.Context(), "w", metav1.GetOptions{})
			testutil.Check(t, err)
		})
	}
}

// TestEncryptionOfEverything encrypts all resources, with what the server makes
// at its start. As in kube-apiserver, what is not stored as a resource stays as it is.
func TestEncryptionOfEverything(t *testing.T) {
	t.Parallel()
	config := encryptionConfig("'*.*'", keyed("aescbc", "key1"))
	e := startEncrypted(t, config)
	e.create("s")
	crd := establish(t, e.config, definition("example.com", "widgets", "Widget", `{"type":"object"}`))
	_, err := dynamic.NewForConfigOrDie(e.config).Resource(resourceOf(crd, "v1")).Namespace("default").
		Create(t.Context(), custom(crd, "v1", "w", map[string]any{}), metav1.CreateOptions{})
	testutil.Check(t, err)
	for _, key := range e.without("k8s:enc:aescbc:v1:key1:") {
		plain := []string{"/registry/masterleases/", "/registry/peerserverleases/", "/registry/ranges/"}
		if !slices.ContainsFunc(plain, func(prefix string) bool { return strings.HasPrefix(key, prefix) }) {
			t.Errorf("%s is not encrypted", key)
		}
	}
	e.restart(config)
	e.reads("s")

	// Nothing but what is written after the change becomes readable.
	e.restart(encryptionConfig("'*.*'", identity, keyed("aescbc", "key1")))
	e.create("t")
	e.reads("s", "t")
	if plain := e.without("k8s:enc:"); !slices.Contains(plain, "/registry/secrets/default/t") || slices.Contains(plain, "/registry/secrets/default/s") {
		t.Errorf("not encrypted: %q", plain)
	}
	e.stored("/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.example.com", "k8s:enc:")
}

// TestEncryptionKeyRotation replaces a key by the documented steps while the server
// runs, and lets it read with a wrong one at last.
func TestEncryptionKeyRotation(t *testing.T) {
	t.Parallel()
	const key = "/registry/secrets/default/"
	e := startEncrypted(t, encryptionConfig("secrets", keyed("aescbc", "key1")), "--encryption-provider-config-automatic-reload")
	e.create("old")
	e.reload(encryptionConfig("secrets", keyed("aescbc", "key1", "key2")))
	e.create("between")
	e.stored(key+"between", "k8s:enc:aescbc:v1:key1:")
	e.reload(encryptionConfig("secrets", keyed("aescbc", "key2", "key1")))
	e.create("new")
	e.stored(key+"new", "k8s:enc:aescbc:v1:key2:")
	e.stored(key+"old", "k8s:enc:aescbc:v1:key1:")

	// An update that changes nothing writes an object again if its key is not the first.
	secrets := e.client().CoreV1().Secrets("default")
	for _, name := range []string{"old", "between", "new"} {
		before, err := secrets.Get(t.Context(), name, metav1.GetOptions{})
		testutil.Check(t, err)
		after, err := secrets.Update(t.Context(), before, metav1.UpdateOptions{})
		testutil.Check(t, err)
		if (after.ResourceVersion == before.ResourceVersion) != (name == "new") {
			t.Errorf("%s: resource version %s, was %s", name, after.ResourceVersion, before.ResourceVersion)
		}
		e.stored(key+name, "k8s:enc:aescbc:v1:key2:")
	}
	e.reload(encryptionConfig("secrets", keyed("aescbc", "key2")))
	e.reads("old", "between", "new")

	mistakes := e.reloads("failure")
	e.write("nonsense")
	eventually(t, "a mistake is counted", func() bool { return e.reloads("failure") != mistakes })
	e.reads("old", "between", "new")
	e.reload(encryptionConfig("secrets", keyed("aesgcm", "key3")))
	e.fails("old", corrupt("old", "no matching prefix found"))
	e.create("other")
	e.reload(encryptionConfig("secrets", identity, keyed("aesgcm", "key3"), keyed("aescbc", "key2")))
	e.reads("old", "between", "new", "other")
}
