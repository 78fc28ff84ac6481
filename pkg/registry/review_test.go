package registry

import (
	"context"
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
)

// question is a review of config maps: those without data are invalid.
func question() *Review[*corev1.ConfigMap] {
	return &Review[*corev1.ConfigMap]{
		GVR:      schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "questions"},
		Singular: "question",
		New:      func() *corev1.ConfigMap { return &corev1.ConfigMap{} },
		Validate: func(c *corev1.ConfigMap) field.ErrorList {
			if len(c.Data) == 0 {
				return field.ErrorList{field.Required(field.NewPath("data"), "")}
			}
			return nil
		},
		Require: func(_ context.Context, c *corev1.ConfigMap) error {
			if c.Data["color"] == "none" {
				return apierrors.NewBadRequest("no color")
			}
			return nil
		},
		Answer: func(_ context.Context, c *corev1.ConfigMap) (*corev1.ConfigMap, error) {
			if c.Data["color"] == "unknown" {
				return nil, errors.New("no idea")
			}
			c.Data["answer"] = c.Data["color"]
			return c, nil
		},
	}
}

func created(t *testing.T, r *Review[*corev1.ConfigMap]) rest.Storage {
	t.Helper()
	storage, err := r.Storage(Deps{})
	if err != nil || len(storage) != 1 {
		t.Fatalf("%d storages, %v", len(storage), err)
	}
	return storage["questions"]
}

func TestReviewCreate(t *testing.T) {
	storage := created(t, question())
	refuse := func(_ context.Context, obj runtime.Object) error {
		if c := obj.(*corev1.ConfigMap); c.Data["color"] == "secret" {
			c.Data["color"] = "changed"
			return errors.New("admission says no")
		}
		return nil
	}
	for name, c := range map[string]struct {
		obj  runtime.Object
		want string
	}{
		"answer":      {configMap("c", "red"), ""},
		"invalid":     {&corev1.ConfigMap{}, `.example.com "" is invalid: data: Required value`},
		"required":    {configMap("c", "none"), "no color"},
		"refused":     {configMap("c", "secret"), "admission says no"},
		"no answer":   {configMap("c", "unknown"), "no idea"},
		"not a thing": {&corev1.Pod{}, "not a question: *v1.Pod"},
	} {
		got, err := storage.(rest.Creater).Create(t.Context(), c.obj, refuse, &metav1.CreateOptions{})
		switch {
		case c.want != "":
			if err == nil || err.Error() != c.want || got != nil {
				t.Errorf("%s: %v, %v, want the error %q", name, got, err, c.want)
			}
		case err != nil || got.(*corev1.ConfigMap).Data["answer"] != "red":
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	secret := configMap("c", "secret")
	if _, err := storage.(rest.Creater).Create(t.Context(), secret, refuse, nil); err == nil || secret.Data["color"] != "secret" {
		t.Errorf("admission has got the object itself: %v, %v", secret, err)
	}
	if _, err := storage.(rest.Creater).Create(t.Context(), configMap("c", "secret"), nil, nil); err != nil {
		t.Errorf("without admission: %v", err)
	}
}

// A review can be created and nothing else, and has no place in etcd.
func TestReviewDefinition(t *testing.T) {
	r := question()
	storage := created(t, r)
	if _, ok := storage.(rest.TableConvertor); ok {
		t.Error("a review is no table")
	}
	if _, ok := storage.(rest.Getter); ok {
		t.Error("a review can be read")
	}
	if storage.(rest.Scoper).NamespaceScoped() || storage.(rest.SingularNameProvider).GetSingularName() != "question" {
		t.Error("scope or singular name")
	}
	r.Namespaced = true
	if !created(t, r).(rest.Scoper).NamespaceScoped() {
		t.Error("not namespaced")
	}
	if info := r.Info(); info.Stored || info.WatchCached || r.FieldLabels("") != nil {
		t.Error("a review is stored")
	}
}

func TestCaller(t *testing.T) {
	if _, err := Caller(t.Context()); !apierrors.IsBadRequest(err) {
		t.Errorf("without a user: %v", err)
	}
	ctx := genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: "alice"})
	if u, err := Caller(ctx); err != nil || u.GetName() != "alice" {
		t.Errorf("%v, %v", u, err)
	}
}
