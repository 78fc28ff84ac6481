package e2e

import (
	"crypto/tls"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// hangUp sends a POST request over a connection of its own, and closes the
// connection after a while without having read the answer.
func hangUp(config *restclient.Config, path, body string, after time.Duration) error {
	settings, err := restclient.TLSConfigFor(config)
	if err != nil {
		return err
	}
	address := strings.TrimPrefix(config.Host, "https://")
	settings.ServerName, settings.NextProtos = strings.Split(address, ":")[0], nil
	conn, err := tls.Dial("tcp", address, settings)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, address, len(body), body)
	time.Sleep(after)
	return err
}

// TestHangUp creates 600 services and hangs up before the answer comes, at
// another moment each time. No cluster IP may remain allocated to a service
// that does not exist, and no service may lose its cluster IP.
func TestHangUp(t *testing.T) {
	t.Parallel()
	_, config := serve(t, t.TempDir())
	const aborted, workers = 600, 20
	var clients sync.WaitGroup
	for worker := range workers {
		clients.Go(func() {
			for i := worker; i < aborted; i += workers {
				body := fmt.Sprintf(`{"apiVersion":"v1","kind":"Service","metadata":{"name":"aborted-%d"},"spec":{"type":"NodePort","ports":[{"port":80}]}}`, i)
				if err := hangUp(config, "/api/v1/namespaces/default/services", body, time.Duration(i%100)*200*time.Microsecond); err != nil {
					t.Error(err)
				}
			}
		})
	}
	clients.Wait()
	client := kubernetes.NewForConfigOrDie(config)
	eventually(t, "each cluster IP is allocated to its service, and no other address", func() bool {
		return maps.Equal(allocatedTo(t, client), serviceIPs(t, client))
	})
	t.Logf("%d of %d services were created", len(serviceIPs(t, client))-1, aborted)
	deleteAborted(t, client)
	for _, name := range numbered("made", 100) {
		service := &corev1.Service{ObjectMeta: named(name), Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}
		if _, err := client.CoreV1().Services("default").Create(t.Context(), service, metav1.CreateOptions{}); err != nil {
			t.Fatalf("%v, while %d addresses are allocated", err, len(allocatedTo(t, client)))
		}
	}
}

// allocatedTo returns the name of the service for each allocated address.
func allocatedTo(t testing.TB, client kubernetes.Interface) map[string]string {
	t.Helper()
	list, err := client.NetworkingV1().IPAddresses().List(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	owners := map[string]string{}
	for _, ip := range list.Items {
		owners[ip.Name] = ip.Spec.ParentRef.Name
	}
	return owners
}

// serviceIPs returns the name of the service for each cluster IP.
func serviceIPs(t testing.TB, client kubernetes.Interface) map[string]string {
	t.Helper()
	list, err := client.CoreV1().Services("").List(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	owners := map[string]string{}
	for _, service := range list.Items {
		owners[service.Spec.ClusterIP] = service.Name
	}
	return owners
}

// deleteAborted deletes the services that were created although their clients
// hung up.
func deleteAborted(t testing.TB, client kubernetes.Interface) {
	t.Helper()
	for _, name := range serviceIPs(t, client) {
		if name != "kubernetes" {
			testutil.Check(t, client.CoreV1().Services("default").Delete(t.Context(), name, metav1.DeleteOptions{}))
		}
	}
}
