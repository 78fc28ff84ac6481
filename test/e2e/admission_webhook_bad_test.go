package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestBadWebhooks calls webhooks that do not answer as they should.
func TestBadWebhooks(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	c := kubernetes.NewForConfigOrDie(s.Config)
	h := newHooks(t)
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	raw := func(path, text string) {
		h.mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(text)) // the server may have hung up
		})
	}
	h.mux.HandleFunc("/hangs", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	})
	h.mux.HandleFunc("/hangs-up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	h.mux.HandleFunc("/breaks", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "broken", http.StatusInternalServerError) })
	raw("/empty", ``)
	raw("/nonsense", `{`)
	raw("/no-response", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`)
	raw("/other-kind", `{"apiVersion":"admission.k8s.io/v1","kind":"Pod","response":{"allowed":true}}`)
	raw("/other-group", `{"apiVersion":"v1","kind":"Status","status":"Success"}`)
	raw("/other-uid", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"other","allowed":true}}`)
	raw("/other-version", `{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","response":{"uid":"other","allowed":true}}`)
	h.answer("/bad-patch", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse {
		return patch(`[{"op":"remove","path":"/nowhere"}]`)
	})
	h.answer("/no-patch", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse { return patch(`{`) })
	h.mux.HandleFunc("/dribbles", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte(" ")) // the server may have hung up
			_ = http.NewResponseController(w).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	})
	h.mux.HandleFunc("/crashes", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"apiVersion":`)) // the server may have hung up
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	h.answer("/no-patch-type", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse {
		return admissionv1.AdmissionResponse{Allowed: true, Patch: []byte(`[]`)}
	})
	h.answer("/code", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse {
		return admissionv1.AdmissionResponse{Result: &metav1.Status{Code: http.StatusTeapot, Reason: "Odd", Message: "odd"}}
	})
	wrongCA := h.at("/empty")
	_, _, ca, err := s.IssueServing("localhost")
	testutil.Check(t, err)
	wrongCA.CABundle = ca
	old, foreign := newCertificate(t, "localhost", -time.Second), newCertificate(t, "elsewhere", time.Hour)
	expired, elsewhere := secure(t, h.mux, old), secure(t, h.mux, foreign)
	plain := httptest.NewServer(h.mux)
	t.Cleanup(plain.Close)
	insecure := strings.Replace(plain.URL, "http:", "https:", 1)

	const failed = `Internal error occurred: failed calling webhook "hook.example.com": `
	for _, test := range []struct {
		name string
		at   clientConfig
		code int32
		want string
	}{
		{"hangs", h.at("/hangs"), 500, failed + `failed to call webhook: Post "URL/hangs?timeout=1s": context deadline exceeded`},
		{"hangs up", h.at("/hangs-up"), 500, failed + `failed to call webhook: Post "URL/hangs-up?timeout=1s": EOF`},
		{"dribbles", h.at("/dribbles"), 500, failed + `failed to call webhook: `},
		{"crashes", h.at("/crashes"), 500, failed + `failed to call webhook: `},
		{"breaks", h.at("/breaks"), 500, failed + `failed to call webhook: an error on the server ("broken") has prevented the request from succeeding`},
		{"empty", h.at("/empty"), 500, failed + `failed to call webhook: `},
		{"nonsense", h.at("/nonsense"), 500, failed + `failed to call webhook: `},
		{"no response", h.at("/no-response"), 500, failed + `received invalid webhook response: webhook response was absent`},
		{"another kind", h.at("/other-kind"), 500, failed + `failed to call webhook: `},
		{"another group", h.at("/other-group"), 500, failed + `failed to call webhook: `},
		{"another UID", h.at("/other-uid"), 500, failed + `received invalid webhook response: expected response.uid="`},
		{"another version", h.at("/other-version"), 500,
			failed + `failed to call webhook: converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion`},
		{"not found", h.at("/nowhere"), 500, failed + `failed to call webhook: the server could not find the requested resource`},
		{"a bad patch", h.at("/bad-patch"), 500,
			`Internal error occurred: error in remove for path: '/nowhere': Unable to remove nonexistent key: nowhere: missing value`},
		{"no patch", h.at("/no-patch"), 500, failed + `received undecodable patch in webhook response: unexpected end of JSON input`},
		{"no patch type", h.at("/no-patch-type"), 500, failed + `received invalid webhook response: webhook returned response.patch but not response.patchType`},
		{"a code of its own", h.at("/code"), 418, `admission webhook "hook.example.com" denied the request: odd`},
		{"an unknown CA", wrongCA, 500,
			failed + `failed to call webhook: Post "URL/empty?timeout=1s": tls: failed to verify certificate: x509: certificate signed by unknown authority`},
		{"an expired certificate", expired.at(old), 500, failed + `failed to call webhook: Post "` + expired.URL +
			`/?timeout=1s": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: `},
		{"a certificate of another host", elsewhere.at(foreign), 500, failed + `failed to call webhook: Post "` + elsewhere.URL +
			`/?timeout=1s": tls: failed to verify certificate: x509: certificate is valid for elsewhere, not localhost`},
		{"no TLS", clientConfig{URL: &insecure}, 500,
			failed + `failed to call webhook: Post "` + insecure + `/?timeout=1s": http: server gave HTTP response to HTTPS client`},
		{"nobody listens", clientConfig{URL: ptr.To("https://127.0.0.1:1/")}, 500,
			failed + `failed to call webhook: Post "https://127.0.0.1:1/?timeout=1s": dial tcp 127.0.0.1:1: connect: connection refused`},
		{"no service", clientConfig{Service: &admissionregistrationv1.ServiceReference{Namespace: "default", Name: "none"}}, 500,
			failed + `failed to call webhook: Post "https://none.default.svc:443/?timeout=1s": service "none" not found`},
	} {
		t.Run(test.name, func(t *testing.T) {
			configurations := c.AdmissionregistrationV1().MutatingWebhookConfigurations()
			hook := mutatingHook("hook.example.com", test.at, on("", "v1", "configmaps", "CREATE"))
			hook.TimeoutSeconds = ptr.To[int32](1)
			mutate(t, c, "bad", hook)
			defer func() { testutil.Check(t, configurations.Delete(t.Context(), "bad", metav1.DeleteOptions{})) }()
			_, err := c.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("a"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			status, ok := err.(apierrors.APIStatus)
			if !ok {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(status.Status().Message, h.URL, "URL")
			if status.Status().Code != test.code || !strings.HasPrefix(got, test.want) {
				t.Errorf("%d %s\nwant %d %s", status.Status().Code, got, test.code, test.want)
			}
		})
	}
}

// TestHangingWebhookBlocksNothingElse sends other requests while many wait for a
// webhook.
func TestHangingWebhookBlocksNothingElse(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, withoutControllers)
	c := kubernetes.NewForConfigOrDie(s.Config)
	h := newHooks(t)
	const waiting = 50
	asked, held := make(chan struct{}, waiting), make(chan struct{})
	release := sync.OnceFunc(func() { close(held) })
	t.Cleanup(release)
	h.answer("/", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse {
		asked <- struct{}{}
		<-held
		return allowed()
	})
	hook := validatingHook("hangs.example.com", h.at("/"), on("", "v1", "configmaps", "CREATE"))
	hook.TimeoutSeconds = ptr.To[int32](30)
	create(t, c, "default", "there")
	validate(t, c, "hangs", hook)

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	answers := make(chan error, waiting)
	for _, name := range numbered("a", waiting) {
		go func() {
			_, err := c.CoreV1().ConfigMaps("default").Create(ctx, configMap(name), metav1.CreateOptions{})
			answers <- err
		}()
	}
	for range waiting {
		<-asked
	}
	_, err := c.CoreV1().Secrets("default").Create(ctx, &corev1.Secret{ObjectMeta: named("a")}, metav1.CreateOptions{})
	testutil.Check(t, err)
	list, err := c.CoreV1().ConfigMaps("default").List(ctx, metav1.ListOptions{})
	testutil.Check(t, err)
	_, err = c.CoreV1().ConfigMaps("default").Update(ctx, &list.Items[0], metav1.UpdateOptions{})
	testutil.Check(t, err)
	testutil.Check(t, c.AdmissionregistrationV1().ValidatingWebhookConfigurations().Delete(ctx, "hangs", metav1.DeleteOptions{}))
	_, err = c.CoreV1().ConfigMaps("default").Create(ctx, configMap("b"), metav1.CreateOptions{})
	testutil.Check(t, err)
	release()
	for range waiting {
		testutil.Check(t, <-answers)
	}
}
