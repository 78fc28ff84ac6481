package componentstatus

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

func storage(t *testing.T, etcd ...func(context.Context) error) *componentREST {
	t.Helper()
	made, err := New(etcd).Storage(registry.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return made["componentstatuses"].(*componentREST)
}

func TestGet(t *testing.T) {
	r := storage(t, func(context.Context) error { return nil }, func(context.Context) error { return errors.New("no leader") })
	for name, want := range map[string]corev1.ComponentCondition{
		"etcd-0": {Type: "Healthy", Status: "True", Message: "ok"},
		"etcd-1": {Type: "Healthy", Status: "False", Message: "no leader"},
	} {
		got, err := r.Get(t.Context(), name, &metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if status := got.(object); status.Name != name || status.Conditions[0] != want {
			t.Errorf("%s: %v", name, status)
		}
	}
	if _, err := r.Get(t.Context(), "etcd-2", &metav1.GetOptions{}); !apierrors.IsNotFound(err) || err.Error() != `componentstatus "etcd-2" not found` {
		t.Error(err)
	}
}

func TestList(t *testing.T) {
	r := storage(t)
	r.components = nil
	for _, name := range []string{"a", "b"} {
		r.components = append(r.components, component{name, func(context.Context) error { return nil }})
	}
	for name, c := range map[string]struct {
		options *metainternalversion.ListOptions
		want    string
	}{
		"no options":    {nil, "a b"},
		"all":           {&metainternalversion.ListOptions{}, "a b"},
		"by name":       {&metainternalversion.ListOptions{FieldSelector: fields.ParseSelectorOrDie("metadata.name=b")}, "b"},
		"no namespace":  {&metainternalversion.ListOptions{FieldSelector: fields.ParseSelectorOrDie("metadata.namespace=")}, "a b"},
		"by label":      {&metainternalversion.ListOptions{LabelSelector: labels.SelectorFromSet(labels.Set{"x": "y"})}, ""},
		"without label": {&metainternalversion.ListOptions{LabelSelector: labels.Everything()}, "a b"},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := r.List(t.Context(), c.options)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, item := range list.(*corev1.ComponentStatusList).Items {
				names = append(names, item.Name)
			}
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	for name, c := range map[string]struct {
		code int
		want string
	}{
		"healthy":   {http.StatusOK, ""},
		"unhealthy": {http.StatusInternalServerError, "HTTP probe failed with statuscode: 500"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.code) }))
			defer server.Close()
			if err := get(server.URL)(t.Context()); err != nil && err.Error() != c.want || err == nil && c.want != "" {
				t.Errorf("got %v, want %q", err, c.want)
			}
			server.Close()
			if err := get(server.URL)(t.Context()); err == nil || !strings.HasPrefix(err.Error(), `Get "`+server.URL+`": dial tcp `) {
				t.Errorf("nobody listens: %v", err)
			}
		})
	}
}
