package namespace

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"
)

var deleted = metav1.NewTime(time.Now().Add(-10 * time.Second))

// object returns the metadata of a widget.
func object(name string, finalizers ...string) runtime.Object {
	return &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: "example.com/v1", Kind: "Widget"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: "uid-of-widget", Finalizers: finalizers},
	}
}

// TestVerbs checks which requests are sent for a resource with certain verbs.
func TestVerbs(t *testing.T) {
	widgets := schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "widgets"}
	unsupported := apierrors.NewMethodNotSupported(widgets.GroupResource(), "delete")
	gone := apierrors.NewNotFound(widgets.GroupResource(), "")
	for _, test := range []struct {
		name    string
		verbs   string
		objects []runtime.Object
		// failure is the answer to the requests with the verb fails.
		fails   string
		failure error
		want    string
		// err is part of the reason why the namespace is not empty.
		err string
	}{
		{name: "no objects", verbs: "delete deletecollection list", want: "list"},
		{name: "deletecollection", verbs: "delete deletecollection list", objects: []runtime.Object{object("a"), object("b")},
			want: "list delete-collection list", err: "unexpected items still remain in namespace: ns for gvr: example.com/v1, Resource=widgets"},
		{name: "delete alone", verbs: "delete list", objects: []runtime.Object{object("a"), object("b")}, want: "list list delete(a) delete(b) list"},
		{name: "deletecollection is not supported", verbs: "delete deletecollection list", objects: []runtime.Object{object("a")},
			fails: "delete-collection", failure: unsupported, want: "list delete-collection list delete(a) list"},
		{name: "without list", verbs: "delete deletecollection", want: "delete-collection"},
		{name: "only delete", verbs: "delete get", want: ""},
		{name: "read only", verbs: "get list watch", want: ""},
		{name: "not served any more", verbs: "delete deletecollection list", fails: "list", failure: gone, want: "list"},
		{name: "list fails", verbs: "delete deletecollection list", fails: "list", failure: fmt.Errorf("down"), want: "list", err: "down"},
		{name: "refused", verbs: "delete list", objects: []runtime.Object{object("a")}, fails: "delete", failure: fmt.Errorf("refused"),
			want: "list list delete(a)", err: "refused"},
		{name: "another one meanwhile", verbs: "delete list", objects: []runtime.Object{object("a", "x/y")}, fails: "delete",
			failure: apierrors.NewConflict(widgets.GroupResource(), "a", fmt.Errorf("another UID")), want: "list list delete(a) list"},
	} {
		t.Run(test.name, func(t *testing.T) {
			scheme := metadatafake.NewTestScheme()
			if err := metav1.AddMetaToScheme(scheme); err != nil {
				t.Fatal(err)
			}
			client := metadatafake.NewSimpleMetadataClient(scheme, test.objects...)
			var requests []string
			client.PrependReactor("*", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
				request := action.GetVerb()
				if d, ok := action.(clienttesting.DeleteActionImpl); ok {
					request += "(" + d.Name + ")"
					if p := d.DeleteOptions.Preconditions; p == nil || *p.UID != "uid-of-widget" || *d.DeleteOptions.PropagationPolicy != metav1.DeletePropagationBackground {
						t.Errorf("options %v", d.DeleteOptions)
					}
				}
				requests = append(requests, request)
				if action.GetVerb() == test.fails {
					return true, nil, test.failure
				}
				return action.GetVerb() == "delete-collection", nil, nil
			})
			c := content{pods: fake.NewClientset().CoreV1(), metadata: client, discover: func(context.Context) ([]*metav1.APIResourceList, error) {
				resource := metav1.APIResource{Name: "widgets", Kind: "Widget", Namespaced: true, Verbs: strings.Fields(test.verbs)}
				return []*metav1.APIResourceList{{GroupVersion: "example.com/v1", APIResources: []metav1.APIResource{resource}}}, nil
			}}
			found := c.delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ns", DeletionTimestamp: &deleted}})
			if !slices.Equal(requests, strings.Fields(test.want)) {
				t.Errorf("requests %q, want %q", requests, test.want)
			}
			if err := found.err(); (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}

// TestIncompleteDiscovery checks that what has been discovered is returned with the
// reasons why the rest has not.
func TestIncompleteDiscovery(t *testing.T) {
	c := content{discover: func(context.Context) ([]*metav1.APIResourceList, error) {
		verbs := metav1.Verbs{"delete", "list"}
		return []*metav1.APIResourceList{
			{GroupVersion: "a/b/c", APIResources: []metav1.APIResource{{Name: "xs", Verbs: verbs}}},
			{GroupVersion: "v1", APIResources: []metav1.APIResource{{Name: "pods", Verbs: verbs}, {Name: "bindings", Verbs: metav1.Verbs{"create"}}}},
		}, fmt.Errorf("dead")
	}}
	resources, found := c.resources(t.Context())
	if len(resources) != 1 || resources[0].Resource != "pods" {
		t.Errorf("resources %v", resources)
	}
	if found.discoveryErr == nil || found.parsingErr == nil || found.parsingErr.Error() != "unexpected GroupVersion string: a/b/c" {
		t.Errorf("%v", found.err())
	}
}

func TestPodSeconds(t *testing.T) {
	pod := func(name string, seconds int64, phase corev1.PodPhase) runtime.Object {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name},
			Spec: corev1.PodSpec{TerminationGracePeriodSeconds: ptr.To(seconds)}, Status: corev1.PodStatus{Phase: phase}}
	}
	for _, test := range []struct {
		name string
		pods []runtime.Object
		want int64
	}{
		{"no pods", nil, 0},
		{"the longest", []runtime.Object{pod("a", 40, "Running"), pod("b", 70, "Pending"), pod("c", 50, "")}, 70},
		{"those that have ended do not count", []runtime.Object{pod("a", 40, "Running"), pod("b", 70, "Succeeded"), pod("c", 80, "Failed")}, 40},
		{"the time is over", []runtime.Object{pod("a", 9, "Running")}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := content{pods: fake.NewClientset(test.pods...).CoreV1()}
			got, err := c.podSeconds(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ns", DeletionTimestamp: &deleted}})
			if err != nil || got != test.want {
				t.Errorf("got %d, %v, want %d", got, err, test.want)
			}
		})
	}
}
