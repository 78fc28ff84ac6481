package imagepolicy

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	imagepolicyv1alpha1 "k8s.io/api/imagepolicy/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api/v1"
)

// backend starts a web service that refuses images with certain names. It returns
// a kubeconfig for it and what it was asked.
func backend(t *testing.T) (string, *[]imagepolicyv1alpha1.ImageReviewSpec) {
	t.Helper()
	var asked []imagepolicyv1alpha1.ImageReviewSpec
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review imagepolicyv1alpha1.ImageReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		asked = append(asked, review.Spec)
		review.Status.Allowed = true
		switch review.Spec.Containers[0].Image {
		case "bad":
			review.Status = imagepolicyv1alpha1.ImageReviewStatus{Reason: "bad image"}
		case "silent":
			review.Status = imagepolicyv1alpha1.ImageReviewStatus{}
		case "crash":
			w.WriteHeader(http.StatusTeapot)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review)
	}))
	t.Cleanup(server.Close)
	config := clientcmdapi.Config{APIVersion: "v1", Kind: "Config", CurrentContext: "c",
		Contexts: []clientcmdapi.NamedContext{{Name: "c", Context: clientcmdapi.Context{Cluster: "c"}}},
		Clusters: []clientcmdapi.NamedCluster{{Name: "c", Cluster: clientcmdapi.Cluster{Server: server.URL,
			CertificateAuthorityData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})}}}}
	data, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, &asked
}

func request(pod *corev1.Pod) apiadmission.Attributes {
	return apiadmission.NewAttributesRecord(pod, nil, schema.GroupVersionKind{}, "ns", "p",
		corev1.SchemeGroupVersion.WithResource("pods"), "", apiadmission.Create, nil, false, nil)
}

func TestValidate(t *testing.T) {
	kubeconfig, asked := backend(t)
	for _, test := range []struct {
		name, image string
		open        bool
		want        string
	}{
		{"allowed", "good", false, "<nil>"},
		{"denied", "bad", false, `pods "p" is forbidden: image policy webhook backend denied one or more images: bad image`},
		{"denied without a reason", "silent", false, `pods "p" is forbidden: one or more images rejected by webhook backend`},
		{"failing", "crash", false, `pods "p" is forbidden: `},
		{"failing, admitted", "crash", true, "<nil>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := newPlugin(strings.NewReader(fmt.Sprintf("imagePolicy: {kubeConfigFile: %q, retryBackoff: 1, defaultAllow: %v}", kubeconfig, test.open)))
			if err != nil {
				t.Fatal(err)
			}
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"x.image-policy.k8s.io/a": "b", "other": "c"}},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{Image: test.image}}, InitContainers: []corev1.Container{{Image: "init"}}}}
			if got := fmt.Sprint(p.validate(t.Context(), request(pod), pod)); got != test.want && (test.image != "crash" || !strings.HasPrefix(got, test.want)) {
				t.Errorf("%s\nwant %s", got, test.want)
			}
			got, _ := json.Marshal((*asked)[len(*asked)-1])
			want := fmt.Sprintf(`{"containers":[{"image":%q},{"image":"init"}],"annotations":{"x.image-policy.k8s.io/a":"b"},"namespace":"ns"}`, test.image)
			if string(got) != want {
				t.Errorf("asked %s\nwant %s", got, want)
			}
			before := len(*asked)
			if _ = p.validate(t.Context(), request(pod), pod); test.image != "crash" && len(*asked) != before {
				t.Error("asked again")
			}
			if err := p.validateChanged(t.Context(), request(pod), pod, pod); err != nil {
				t.Errorf("an update without new images: %v", err)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	for _, test := range []struct{ name, config, want string }{
		{"too long", "imagePolicy: {denyTTL: 5000}", "valid value is between 1s and 30m0s, got 1h23m20s"},
		{"too long a backoff", "imagePolicy: {denyTTL: -2, retryBackoff: 900000}", "valid value is between 1ns and 5m0s, got 15m0s"},
		{"no file", "imagePolicy: {kubeConfigFile: /nowhere}", "stat /nowhere: no such file or directory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := newPlugin(strings.NewReader(test.config)); fmt.Sprint(err) != test.want {
				t.Errorf("%v\nwant %s", err, test.want)
			}
		})
	}
}
