package bootstrapsigner_test

import (
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/bootstrapsigner"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
)

// TestSignatures compares signatures with those of kube-controller-manager v1.36.3.
func TestSignatures(t *testing.T) {
	token := func(name, id string, change ...string) *corev1.Secret {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: name}, Type: "bootstrap.kubernetes.io/token",
			Data: map[string][]byte{"token-id": []byte(id), "token-secret": []byte("0123456789abcdef"), "usage-bootstrap-signing": []byte("true")}}
		for i := 0; i < len(change); i += 2 {
			s.Data[change[i]] = []byte(change[i+1])
		}
		return s
	}
	const good = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImFhYWFhYSJ9..vh4yKqQb9ROYgF36oENmzq7Y4tnPm6-8JfkG7bH_PV4"
	const ofEmpty = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImFhYWFhYSJ9..CNlT9ntEyEPvcqm0WNn_hPvBL84xzBn6_Q6FZfYA-9Q"
	const name = "bootstrap-token-aaaaaa"
	type data = map[string]string
	for _, test := range []struct {
		name   string
		token  *corev1.Secret
		before data
		want   data
	}{
		{"a token", token(name, "aaaaaa"), data{"kubeconfig": "hello", "other": "x"},
			data{"kubeconfig": "hello", "other": "x", "jws-kubeconfig-aaaaaa": good}},
		{"a wrong signature", token(name, "aaaaaa"), data{"kubeconfig": "hello", "jws-kubeconfig-aaaaaa": "x"},
			data{"kubeconfig": "hello", "jws-kubeconfig-aaaaaa": good}},
		{"a signature of a token that is gone", token(name, "aaaaaa"), data{"kubeconfig": "hello", "jws-kubeconfig-bbbbbb": "x"},
			data{"kubeconfig": "hello", "jws-kubeconfig-aaaaaa": good}},
		{"an empty kubeconfig", token(name, "aaaaaa"), data{"kubeconfig": ""}, data{"kubeconfig": "", "jws-kubeconfig-aaaaaa": ofEmpty}},
		{"no kubeconfig", token(name, "aaaaaa"), data{"jws-kubeconfig-bbbbbb": "x"}, data{"jws-kubeconfig-bbbbbb": "x"}},
		{"not for signing", token(name, "aaaaaa", "usage-bootstrap-signing", "false"), data{"kubeconfig": "hello"}, data{"kubeconfig": "hello"}},
		{"expired", token(name, "aaaaaa", "expiration", "1999-01-01T00:00:00Z"), data{"kubeconfig": "hello"}, data{"kubeconfig": "hello"}},
		{"no secret", token(name, "aaaaaa", "token-secret", ""), data{"kubeconfig": "hello"}, data{"kubeconfig": "hello"}},
		{"another id", token(name, "bbbbbb"), data{"kubeconfig": "hello"}, data{"kubeconfig": "hello"}},
		{"another name", token("mine", "aaaaaa"), data{"kubeconfig": "hello"}, data{"kubeconfig": "hello"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			info := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-public", Name: "cluster-info"}, Data: test.before}
			client := func() *fake.Clientset { return fake.NewClientset([]runtime.Object{info, test.token}...) }
			looptest.On(t, bootstrapsigner.Controller(), client, controllers.Deps{}, func(t *testing.T, c *fake.Clientset) {
				got, err := c.CoreV1().ConfigMaps("kube-public").Get(t.Context(), "cluster-info", metav1.GetOptions{})
				if err != nil || !maps.Equal(got.Data, test.want) {
					t.Errorf("got  %v\nwant %v, %v", got.Data, test.want, err)
				}
			})
		})
	}
}
