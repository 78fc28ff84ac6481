package e2e

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// converter is a conversion webhook. It converts spec.host and spec.port of v1
// to spec.address of v2, unless it is told to misbehave.
type converter struct {
	*httptest.Server
	mode atomic.Value
	stop chan struct{}
}

func newConverter(t testing.TB) *converter {
	c := &converter{stop: make(chan struct{})}
	c.mode.Store("")
	c.Server = httptest.NewTLSServer(c)
	t.Cleanup(func() { close(c.stop); c.Close() })
	return c
}

// ServeHTTP answers a ConversionReview.
func (c *converter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var review apiextensionsv1.ConversionReview
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	response := &apiextensionsv1.ConversionResponse{UID: review.Request.UID, Result: metav1.Status{Status: metav1.StatusSuccess}}
	for _, raw := range review.Request.Objects {
		var object unstructured.Unstructured
		if err := json.Unmarshal(raw.Raw, &object.Object); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		convertAddress(&object, review.Request.DesiredAPIVersion)
		if c.mode.Load() == "renames" {
			object.SetName("other")
		}
		if c.mode.Load() == "wrong version" {
			object.SetAPIVersion("conv.example.com/v9")
		}
		response.ConvertedObjects = append(response.ConvertedObjects, runtime.RawExtension{Object: &object})
	}
	switch c.mode.Load() {
	case "fails":
		response.Result = metav1.Status{Status: metav1.StatusFailure, Message: "no today"}
	case "other uid":
		response.UID = "other"
	case "loses":
		response.ConvertedObjects = nil
	case "breaks":
		http.Error(w, "broken", http.StatusInternalServerError)
		return
	case "nonsense":
		_, _ = w.Write([]byte("{")) // the test checks how the server handles this answer
		return
	case "slow":
		select {
		case <-c.stop:
		case <-r.Context().Done():
		}
		return
	}
	review.Request, review.Response = nil, response
	_ = json.NewEncoder(w).Encode(review) // fails only if the test has ended
}

func convertAddress(object *unstructured.Unstructured, version string) {
	spec, _, _ := unstructured.NestedStringMap(object.Object, "spec")
	switch {
	case object.GetAPIVersion() == version:
		return
	case strings.HasSuffix(version, "/v2"):
		spec = map[string]string{"address": spec["host"] + ":" + spec["port"]}
	default:
		host, port, _ := strings.Cut(spec["address"], ":")
		spec = map[string]string{"host": host, "port": port}
	}
	_ = unstructured.SetNestedStringMap(object.Object, spec, "spec") // cannot fail, because the spec is a map
	object.SetAPIVersion(version)
}

func (c *converter) definition() *apiextensionsv1.CustomResourceDefinition {
	crd := definition("conv.example.com", "hosts", "Host",
		`{"type":"object","properties":{"spec":{"type":"object","properties":{"host":{"type":"string"},"port":{"type":"string"}}}}}`)
	crd.Spec.Versions = append(crd.Spec.Versions, apiextensionsv1.CustomResourceDefinitionVersion{Name: "v2", Served: true,
		Schema: schemaOf(`{"type":"object","properties":{"spec":{"type":"object","properties":{"address":{"type":"string","pattern":":"}}}}}`)})
	url := c.URL
	crd.Spec.Conversion = &apiextensionsv1.CustomResourceConversion{Strategy: apiextensionsv1.WebhookConverter, Webhook: &apiextensionsv1.WebhookConversion{
		ConversionReviewVersions: []string{"v1"},
		ClientConfig: &apiextensionsv1.WebhookClientConfig{URL: &url,
			CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate().Raw})},
	}}
	return crd
}

// TestConversionWebhook uses a webhook that works at first, and then fails,
// returns wrong objects or does not answer.
func TestConversionWebhook(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	ensureNamespace(t, s, "conv")
	webhook := newConverter(t)
	crd := establish(t, s.Config, webhook.definition())
	client := dynamic.NewForConfigOrDie(s.Config)
	v1, v2 := client.Resource(resourceOf(crd, "v1")).Namespace("conv"), client.Resource(resourceOf(crd, "v2")).Namespace("conv")

	_, err := v1.Create(t.Context(), custom(crd, "v1", "a", map[string]any{"host": "one", "port": "80"}), metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = v2.Create(t.Context(), custom(crd, "v2", "b", map[string]any{"address": "two:81"}), metav1.CreateOptions{})
	testutil.Check(t, err)
	list, err := v2.List(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	for i, want := range []string{"one:80", "two:81"} {
		if got, _, _ := unstructured.NestedString(list.Items[i].Object, "spec", "address"); got != want {
			t.Errorf("the address of %s is %q, not %q", list.Items[i].GetName(), got, want)
		}
	}
	got, err := v1.Get(t.Context(), "b", metav1.GetOptions{})
	testutil.Check(t, err)
	if host, _, _ := unstructured.NestedString(got.Object, "spec", "host"); host != "two" {
		t.Errorf("the host of b is %q", host)
	}

	for _, tt := range []struct {
		mode, message string
		code          int
	}{
		{"fails", "conversion webhook for conv.example.com/v1, Kind=Host failed: no today", 500},
		{"renames", "returned invalid object: must have the same name: a != other", 500},
		{"wrong version",
			"conversion webhook for conv.example.com/v1, Kind=Host returned invalid object at index 0: invalid groupVersion (expected conv.example.com/v2, received conv.example.com/v9)", 500},
		{"other uid", `expected response.uid=`, 500},
		{"loses", "returned 0 objects, expected 1", 500},
		{"breaks", "conversion webhook for conv.example.com/v1, Kind=Host failed", 500},
		{"nonsense", "conversion webhook for conv.example.com/v1, Kind=Host failed", 500},
		{"slow", "", 504},
	} {
		t.Run(tt.mode, func(t *testing.T) {
			webhook.mode.Store(tt.mode)
			r := send(t, s.Config, request{path: "/apis/conv.example.com/v2/namespaces/conv/hosts/a?timeout=1s"})
			if message := r.status().Message; r.code != tt.code || !strings.Contains(message, tt.message) {
				t.Errorf("%d %s", r.code, message)
			}
			// Reading the stored version does not need the webhook.
			if r := send(t, s.Config, request{path: "/apis/conv.example.com/v1/namespaces/conv/hosts/a"}); r.code != http.StatusOK {
				t.Errorf("the stored version: %d %s", r.code, r.body)
			}
		})
	}
	webhook.mode.Store("")
	_, err = v2.Get(t.Context(), "a", metav1.GetOptions{})
	testutil.Check(t, err)
}
