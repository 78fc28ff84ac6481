package podcertificatecleaner_test

import (
	"testing"
	"testing/synctest"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/podcertificatecleaner"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
)

// TestAge has requests of two ages.
func TestAge(t *testing.T) {
	client := func() *fake.Clientset {
		// The client has each version for itself: the informer follows one, and the other is deleted.
		request := func(name string, age time.Duration) metav1.ObjectMeta {
			return metav1.ObjectMeta{Namespace: "ns", Name: name, CreationTimestamp: metav1.NewTime(time.Now().Add(-age))}
		}
		old, young := request("old", 16*time.Minute), request("new", 14*time.Minute)
		return fake.NewClientset(&certificatesv1.PodCertificateRequest{ObjectMeta: old}, &certificatesv1beta1.PodCertificateRequest{ObjectMeta: old},
			&certificatesv1.PodCertificateRequest{ObjectMeta: young}, &certificatesv1beta1.PodCertificateRequest{ObjectMeta: young})
	}
	looptest.On(t, podcertificatecleaner.Controller(), client, controllers.Deps{}, func(t *testing.T, c *fake.Clientset) {
		for _, want := range []int{1, 0} {
			list, err := c.CertificatesV1().PodCertificateRequests("ns").List(t.Context(), metav1.ListOptions{})
			if err != nil || len(list.Items) != want || want > 0 && list.Items[0].Name != "new" {
				t.Errorf("there are %v, %v, want %d", list.Items, err, want)
			}
			time.Sleep(2 * time.Minute)
			synctest.Wait()
		}
	})
}
