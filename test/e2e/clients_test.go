package e2e

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestTypedClient creates, changes and deletes an object in each encoding.
func TestTypedClient(t *testing.T) {
	for name, contentType := range map[string]string{"json": runtime.ContentTypeJSON, "protobuf": runtime.ContentTypeProtobuf} {
		t.Run(name, func(t *testing.T) {
			s, _, ns := sharedNamespace(t)
			config := restclient.CopyConfig(s.Config)
			config.ContentType, config.AcceptContentTypes = contentType, contentType
			client := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps(ns)
			ctx := t.Context()

			events, err := client.Watch(ctx, metav1.ListOptions{})
			testutil.Check(t, err)
			defer events.Stop()
			created, err := client.Create(ctx, configMap("app", "color", "red"), metav1.CreateOptions{})
			testutil.Check(t, err)
			if created.UID == "" || created.ResourceVersion == "" || created.CreationTimestamp.IsZero() {
				t.Errorf("created without uid, version or time: %v", created.ObjectMeta)
			}
			created.Data["color"] = "blue"
			updated, err := client.Update(ctx, created, metav1.UpdateOptions{})
			testutil.Check(t, err)
			if updated.UID != created.UID || updated.ResourceVersion == created.ResourceVersion {
				t.Errorf("updated to %v, from %v", updated.ObjectMeta, created.ObjectMeta)
			}
			created.Data["color"] = "green"
			if _, err := client.Update(ctx, created, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
				t.Errorf("update of an old version: %v", err)
			}
			got, err := client.Get(ctx, "app", metav1.GetOptions{})
			testutil.Check(t, err)
			if got.Data["color"] != "blue" {
				t.Errorf("got %v", got.Data)
			}
			list, err := client.List(ctx, metav1.ListOptions{LabelSelector: "!none", FieldSelector: "metadata.name=app"})
			testutil.Check(t, err)
			if len(list.Items) != 1 {
				t.Errorf("listed %d", len(list.Items))
			}
			testutil.Check(t, client.Delete(ctx, "app", metav1.DeleteOptions{}))
			if _, err := client.Get(ctx, "app", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
				t.Errorf("after the deletion: %v", err)
			}
			for _, want := range []watch.EventType{watch.Added, watch.Modified, watch.Deleted} {
				if event := next(t, events); event.Type != want || event.Object.(*corev1.ConfigMap).Name != "app" {
					t.Errorf("event %v, not %s", event, want)
				}
			}
		})
	}
}

func TestDynamicClient(t *testing.T) {
	s, _, ns := sharedNamespace(t)
	client := dynamic.NewForConfigOrDie(s.Config).Resource(appsv1.SchemeGroupVersion.WithResource("deployments")).Namespace(ns)
	ctx := t.Context()
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web"},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": map[string]any{"app": "web"}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": "web"}},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "main", "image": "nginx"}}},
			},
		},
	}}
	created, err := client.Create(ctx, object, metav1.CreateOptions{})
	testutil.Check(t, err)
	if replicas, _, _ := unstructured.NestedInt64(created.Object, "spec", "replicas"); replicas != 1 {
		t.Errorf("the default of replicas is %d", replicas)
	}
	scale, err := client.Get(ctx, "web", metav1.GetOptions{}, "scale")
	testutil.Check(t, err)
	testutil.Check(t, unstructured.SetNestedField(scale.Object, int64(3), "spec", "replicas"))
	if _, err := client.Update(ctx, scale, metav1.UpdateOptions{}, "scale"); err != nil {
		t.Error(err)
	}
	applied, err := client.Apply(ctx, "web", &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"labels": map[string]any{"tier": "front"}},
	}}, metav1.ApplyOptions{FieldManager: "e2e"})
	testutil.Check(t, err)
	if replicas, _, _ := unstructured.NestedInt64(applied.Object, "spec", "replicas"); replicas != 3 || applied.GetLabels()["tier"] != "front" {
		t.Errorf("applied: %v", applied.Object)
	}
	list, err := client.List(ctx, metav1.ListOptions{})
	testutil.Check(t, err)
	if len(list.Items) != 1 || list.GetKind() != "DeploymentList" {
		t.Errorf("list: %v", list)
	}
}

func TestMetadataClient(t *testing.T) {
	s, typed, ns := sharedNamespace(t)
	create(t, typed, ns, "app")
	client := metadata.NewForConfigOrDie(s.Config).Resource(corev1.SchemeGroupVersion.WithResource("configmaps")).Namespace(ns)
	ctx := t.Context()
	events, err := client.Watch(ctx, metav1.ListOptions{})
	testutil.Check(t, err)
	defer events.Stop()
	if event := next(t, events); event.Object.(*metav1.PartialObjectMetadata).Name != "app" {
		t.Errorf("watch: %v", event)
	}
	patched, err := client.Patch(ctx, "app", types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{})
	testutil.Check(t, err)
	if patched.Labels["a"] != "b" {
		t.Errorf("patched: %v", patched.ObjectMeta)
	}
	list, err := client.List(ctx, metav1.ListOptions{LabelSelector: "a=b"})
	testutil.Check(t, err)
	if len(list.Items) != 1 || list.Items[0].UID == "" {
		t.Errorf("list: %v", list.Items)
	}
	testutil.Check(t, client.Delete(ctx, "app", metav1.DeleteOptions{}))
}
