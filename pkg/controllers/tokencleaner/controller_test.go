package tokencleaner_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/tokencleaner"
)

// TestExpiration has tokens that expire at several times.
func TestExpiration(t *testing.T) {
	token := func(namespace, name string, kind corev1.SecretType, expiration string) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Type: kind,
			Data: map[string][]byte{bootstrapapi.BootstrapTokenExpirationKey: []byte(expiration)}}
	}
	// In a synctest bubble it is the year 2000.
	const past, inAnHour, never = "1999-01-01T00:00:00Z", "2000-01-01T01:00:00Z", ""
	const system, kind = metav1.NamespaceSystem, bootstrapapi.SecretTypeBootstrapToken
	client := func() *fake.Clientset {
		return fake.NewClientset(token(system, "expired", kind, past), token(system, "nonsense", kind, "tomorrow"),
			token(system, "later", kind, inAnHour), token(system, "never", kind, never),
			token(system, "opaque", corev1.SecretTypeOpaque, past), token("default", "elsewhere", kind, past))
	}
	expect := func(t *testing.T, c *fake.Clientset, want ...string) {
		t.Helper()
		list, err := c.CoreV1().Secrets("").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range list.Items {
			got = append(got, s.Name)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("there are %q, want %q", got, want)
		}
	}
	looptest.On(t, tokencleaner.Controller(), client, controllers.Deps{}, func(t *testing.T, c *fake.Clientset) {
		expect(t, c, "elsewhere", "later", "never", "opaque")
		time.Sleep(time.Hour)
		synctest.Wait()
		expect(t, c, "elsewhere", "never", "opaque")
	})
}
