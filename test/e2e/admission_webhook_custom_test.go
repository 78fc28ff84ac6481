package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestWebhooksOnCustomResources creates a custom resource by its version v2. Webhooks
// for v1 are asked if their match policy is Equivalent, and get the object in v1.
func TestWebhooksOnCustomResources(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		convert bool
		patch   string
		// seen is the spec that the webhooks get, and stored that of the answer.
		seen, stored map[string]any
	}{
		{"without conversion", false, `[{"op":"replace","path":"/spec/address","value":"patched:80"}]`,
			map[string]any{"address": "one:80"}, map[string]any{"address": "patched:80"}},
		{"with conversion", true, `[{"op":"replace","path":"/spec/host","value":"patched"}]`,
			map[string]any{"host": "one", "port": "80"}, map[string]any{"address": "patched:80"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.Start(t)
			c := kubernetes.NewForConfigOrDie(s.Config)
			definition := newConverter(t).definition()
			if !test.convert {
				definition.Spec.Conversion = nil
				definition.Spec.Versions[0].Schema = definition.Spec.Versions[1].Schema
			}
			crd := establish(t, s.Config, definition)
			h := newHooks(t)
			h.answer("/mutates", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse { return patch(test.patch) })
			h.answer("/", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse { return allowed() })
			rules := slices.Concat(on("conv.example.com", "v1", "hosts", "CREATE"), on("conv.example.com", "v1", "hosts", "DELETE"))
			exact := validatingHook("exact.example.com", h.at("/exact"), rules)
			exact.MatchPolicy = ptr.To(admissionregistrationv1.Exact)
			validate(t, c, "hooks", validatingHook("equivalent.example.com", h.at("/equivalent"), rules), exact)
			mutate(t, c, "hooks", mutatingHook("mutates.example.com", h.at("/mutates"), rules[:1]))

			v2 := dynamic.NewForConfigOrDie(s.Config).Resource(resourceOf(crd, "v2")).Namespace("default")
			created, err := v2.Create(t.Context(), custom(crd, "v2", "a", map[string]any{"address": "one:80"}), metav1.CreateOptions{})
			testutil.Check(t, err)
			if got := fmt.Sprint(created.GetAPIVersion(), created.Object["spec"]); got != fmt.Sprint("conv.example.com/v2", test.stored) {
				t.Errorf("created %s, want %v", got, test.stored)
			}
			testutil.Check(t, v2.Delete(t.Context(), "a", metav1.DeleteOptions{}))

			var calls []string
			for i, call := range h.requests() {
				calls = append(calls, call.String())
				if call.RequestResource.Version != "v2" || call.RequestKind.Version != "v2" || call.Kind.Version != "v1" {
					t.Errorf("%v: kind %v, requested resource %v and kind %v", call, call.Kind, call.RequestResource, call.RequestKind)
				}
				var object unstructured.Unstructured
				raw := slices.Concat(call.Object.Raw, call.OldObject.Raw) // there is only one of them
				testutil.Check(t, object.UnmarshalJSON(raw))
				if i == 0 && fmt.Sprint(object.Object["spec"]) != fmt.Sprint(test.seen) || object.GetAPIVersion() != "conv.example.com/v1" {
					t.Errorf("%v: got %s", call, raw)
				}
			}
			want := []string{"/mutates: CREATE conv.example.com/v1 hosts", "/equivalent: CREATE conv.example.com/v1 hosts",
				"/equivalent: DELETE conv.example.com/v1 hosts"}
			if !slices.Equal(calls, want) {
				t.Errorf("calls %q\nwant %q", calls, want)
			}
		})
	}
}

// TestWebhooksOnAggregatedResources creates a resource that another API server
// serves. It asks the webhooks of our server itself if its own admission says so; our
// server, which passes the request on, does not ask them.
func TestWebhooksOnAggregatedResources(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		flags []string
		calls []string
	}{
		{"its admission has webhooks", nil, []string{
			"/mutates: CREATE wardle.example.com/v1alpha1 flunders", "/denies: CREATE wardle.example.com/v1alpha1 flunders"}},
		{"its admission has none", []string{"--disable-admission-plugins=MutatingAdmissionWebhook,ValidatingAdmissionWebhook"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			etcd := "http://" + freeAddress(t)
			s := testserver.Start(t, testserver.Options{Flags: []string{"--embedded-etcd-listen-client-url=" + etcd}})
			sampleAPIServer(t, s, etcd, test.flags...)
			c := kubernetes.NewForConfigOrDie(s.Config)
			h := newHooks(t)
			h.answer("/mutates", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse {
				return patch(`[{"op":"add","path":"/metadata/labels","value":{"a":"b"}}]`)
			})
			h.answer("/denies", func(r *admissionv1.AdmissionRequest) admissionv1.AdmissionResponse {
				if !strings.Contains(string(r.Object.Raw), `"a":"b"`) {
					return allowed() // the other webhook is not in force yet
				}
				return admissionv1.AdmissionResponse{Result: &metav1.Status{Message: "no flunders"}}
			})
			rules := on("*", "*", "flunders", "CREATE")
			validate(t, c, "hooks", validatingHook("denies.example.com", h.at("/denies"), rules))
			mutate(t, c, "hooks", mutatingHook("mutates.example.com", h.at("/mutates"), rules))

			pond := dynamic.NewForConfigOrDie(s.Config).Resource(flunders).Namespace("default")
			try := func() error {
				_, err := pond.Create(t.Context(), flunder("a"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
				return err
			}
			if test.calls == nil {
				testutil.Check(t, try())
			} else {
				eventually(t, "the webhooks are in force at the other server", func() bool { return try() != nil })
				h.requests()
				if got := try().Error(); got != `admission webhook "denies.example.com" denied the request: no flunders` {
					t.Error(got)
				}
			}
			var calls []string
			for _, call := range h.requests() {
				calls = append(calls, call.String())
			}
			if !slices.Equal(calls, test.calls) {
				t.Errorf("calls %q, want %q", calls, test.calls)
			}
		})
	}
}
