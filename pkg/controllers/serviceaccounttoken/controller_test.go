package serviceaccounttoken_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/serviceaccounttoken"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
)

var deps = controllers.Deps{
	RootCA: func() ([]byte, error) { return []byte("the CA"), nil },
	SignToken: func(_ context.Context, c *serviceaccount.Claims) (string, error) {
		return "token of " + c.Subject + " in " + c.Legacy.SecretName, nil
	},
}

func account(secrets ...string) *corev1.ServiceAccount {
	a := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "robot", UID: "uid-1"}}
	for _, name := range secrets {
		a.Secrets = append(a.Secrets, corev1.ObjectReference{Name: name})
	}
	return a
}

// secret returns a secret for a token. data alternates keys and values.
func secret(uid string, data ...string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s", Annotations: map[string]string{corev1.ServiceAccountNameKey: "robot"}},
		Type: corev1.SecretTypeServiceAccountToken, Data: map[string][]byte{}}
	if uid != "" {
		s.Annotations[corev1.ServiceAccountUIDKey] = uid
	}
	for i := 0; i < len(data); i += 2 {
		s.Data[data[i]] = []byte(data[i+1])
	}
	return s
}

func opaque() *corev1.Secret {
	s := secret("uid-2")
	s.Type = corev1.SecretTypeOpaque
	return s
}

// state describes the secret s.
func state(t *testing.T, c *fake.Clientset) string {
	t.Helper()
	s, err := c.CoreV1().Secrets("ns").Get(t.Context(), "s", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "gone"
	}
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %s", s.Annotations[corev1.ServiceAccountUIDKey], s.Data)
}

// TestSecrets has secrets of all states.
func TestSecrets(t *testing.T) {
	const token = "token of system:serviceaccount:ns:robot in s"
	full := "uid-1 map[ca.crt:the CA namespace:ns token:" + token + "]"
	for _, test := range []struct {
		name    string
		objects []runtime.Object
		want    string
	}{
		{"new", []runtime.Object{account(), secret("")}, full},
		{"new, with the uid", []runtime.Object{account(), secret("uid-1")}, full},
		{"with a token", []runtime.Object{account(), secret("", "token", "mine", "more", "x")}, "uid-1 map[ca.crt:the CA more:x namespace:ns token:mine]"},
		{"another CA", []runtime.Object{account(), secret("uid-1", "token", "mine", "namespace", "other", "ca.crt", "old")},
			"uid-1 map[ca.crt:the CA namespace:other token:mine]"},
		{"complete without the uid", []runtime.Object{account(), secret("", "token", "mine", "namespace", "other", "ca.crt", "the CA")},
			" map[ca.crt:the CA namespace:other token:mine]"},
		{"no account", []runtime.Object{secret("")}, "gone"},
		{"another account of the same name", []runtime.Object{account(), secret("uid-2")}, "gone"},
		{"another type", []runtime.Object{account(), opaque()}, "uid-2 map[]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := func() *fake.Clientset { return fake.NewClientset(test.objects...) }
			looptest.On(t, serviceaccounttoken.Controller(), client, deps, func(t *testing.T, c *fake.Clientset) {
				if got := state(t, c); got != test.want {
					t.Errorf("got  %s\nwant %s", got, test.want)
				}
			})
		})
	}
}

// TestDeletions deletes the secret and the account.
func TestDeletions(t *testing.T) {
	client := func() *fake.Clientset { return fake.NewClientset(account("s", "other"), secret("")) }
	for _, test := range []struct {
		name  string
		check func(*testing.T, *fake.Clientset)
	}{
		{"secret", func(t *testing.T, c *fake.Clientset) {
			if err := c.CoreV1().Secrets("ns").Delete(t.Context(), "s", metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			a, err := c.CoreV1().ServiceAccounts("ns").Get(t.Context(), "robot", metav1.GetOptions{})
			if err != nil || len(a.Secrets) != 1 || a.Secrets[0].Name != "other" {
				t.Errorf("the account lists %v, %v", a.Secrets, err)
			}
		}},
		{"account", func(t *testing.T, c *fake.Clientset) {
			if err := c.CoreV1().ServiceAccounts("ns").Delete(t.Context(), "robot", metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if got := state(t, c); got != "gone" {
				t.Errorf("the secret is %s", got)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) { looptest.On(t, serviceaccounttoken.Controller(), client, deps, test.check) })
	}
}
