package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

var notNameChar = regexp.MustCompile(`[^a-z0-9]+`)

// sharedNamespace returns the shared server, a client, and a new namespace that
// is named after the test. The test runs in parallel with others.
func sharedNamespace(t *testing.T) (*testserver.Server, kubernetes.Interface, string) {
	t.Helper()
	t.Parallel()
	s := sharedServer(t)
	name := strings.Trim(notNameChar.ReplaceAllString(strings.ToLower(t.Name()), "-"), "-")
	ensureNamespace(t, s, name)
	return s, kubernetes.NewForConfigOrDie(s.Config), name
}

// named returns object metadata that contains only a name.
func named(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }

func configMap(name string, keysAndValues ...string) *corev1.ConfigMap {
	c := &corev1.ConfigMap{ObjectMeta: named(name), Data: map[string]string{}}
	for i := 0; i < len(keysAndValues); i += 2 {
		c.Data[keysAndValues[i]] = keysAndValues[i+1]
	}
	return c
}

func pod(name string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: named(name), Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "nginx"}}}}
}

// create creates config maps with these names and returns the last one.
func create(t testing.TB, c kubernetes.Interface, namespace string, names ...string) (last *corev1.ConfigMap) {
	t.Helper()
	for _, name := range names {
		var err error
		last, err = c.CoreV1().ConfigMaps(namespace).Create(t.Context(), configMap(name), metav1.CreateOptions{})
		testutil.Check(t, err)
	}
	return last
}

// numbered returns count names that sort in numerical order.
func numbered(prefix string, count int) (names []string) {
	for i := range count {
		names = append(names, fmt.Sprintf("%s-%05d", prefix, i))
	}
	return names
}

// next returns the next event of a watch.
func next(t testing.TB, w watch.Interface) watch.Event {
	t.Helper()
	select {
	case event, ok := <-w.ResultChan():
		if !ok {
			t.Fatal("the watch ended")
		}
		return event
	case <-time.After(patience):
		t.Fatal("no event came")
	}
	return watch.Event{}
}

// eventually polls until holds returns true, and fails the test if this takes
// too long.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("in vain waited for: %s", what)
}

// request is a plain HTTP request. headers alternates names and values.
type request struct {
	method, path string
	body         []byte
	headers      []string
}

// response is the answer to a request. Its body has been read completely.
type response struct {
	code   int
	header http.Header
	body   []byte
}

// status returns the body as a Status, or an empty Status if it is something
// else.
func (r response) status() (s metav1.Status) {
	if json.Unmarshal(r.body, &s) != nil || s.Kind != "Status" {
		return metav1.Status{}
	}
	return s
}

// send sends a request with the credentials of the configuration. It does not
// use client-go's encoding and compression.
func send(t testing.TB, config *restclient.Config, q request) response {
	t.Helper()
	config = restclient.CopyConfig(config)
	config.DisableCompression = true
	client, err := restclient.HTTPClientFor(config)
	testutil.Check(t, err)
	if q.method == "" {
		q.method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(t.Context(), q.method, config.Host+q.path, bytes.NewReader(q.body))
	testutil.Check(t, err)
	for i := 0; i < len(q.headers); i += 2 {
		r.Header.Set(q.headers[i], q.headers[i+1])
	}
	answer, err := client.Do(r)
	testutil.Check(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	testutil.Check(t, err)
	return response{answer.StatusCode, answer.Header, body}
}
