package server

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/groups"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
)

// TestInformersAreDirect shows that the library's informers of all resources come from
// the storage, in whichever way they are asked for, and only once.
func TestInformersAreDirect(t *testing.T) {
	f := newDirectFactory(fake.NewClientset(), &objects.Access{}, groups.All(groups.Needs{}))
	direct := 0
	for goType, gvr := range f.resources {
		generic, err := f.ForResource(gvr)
		if err != nil {
			continue // client-go has no informer of it
		}
		direct++
		made := f.existing(gvr)
		if made == nil || generic.Informer().GetIndexer() != made.GetIndexer() {
			t.Errorf("%s, %s: the informer is a %T", gvr, goType, generic.Informer())
		}
	}
	if direct < 50 {
		t.Errorf("only %d resources have informers", direct)
	}
	if f.Core().V1().Pods().Informer().GetIndexer() != f.existing(corev1.SchemeGroupVersion.WithResource("pods")).GetIndexer() {
		t.Error("pods have a second informer")
	}
}

// TestInformersFollow lets several informers follow a resource from before its first
// object on. The watch cache gives more than two watches shared objects with their
// encodings; informers have the objects alone.
func TestInformersFollow(t *testing.T) {
	o := options.New()
	o.Data.Dir, o.Data.EtcdNoSync = t.TempDir(), true
	o.SecureServing.BindPort, o.SecureServing.Required, o.Controllers = 0, false, nil
	completed, err := o.Complete()
	testutil.Check(t, err)
	s, err := New(t.Context(), completed)
	testutil.Check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error)
	go func() { stopped <- s.Run(ctx) }()
	defer func() {
		cancel()
		testutil.Check(t, <-stopped)
	}()
	testutil.Check(t, s.Ready(ctx))

	var stores []cache.Store
	for range 4 {
		f := newDirectFactory(s.base.client, s.base.objects, groups.All(groups.Needs{}))
		stores = append(stores, f.Core().V1().PodTemplates().Informer().GetStore())
		f.StartWithContext(ctx)
		f.WaitForCacheSync(ctx.Done())
	}
	templates := s.base.client.CoreV1().PodTemplates("default")
	made, err := templates.Create(ctx, &corev1.PodTemplate{ObjectMeta: metav1.ObjectMeta{Name: "t"},
		Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	made.Labels = map[string]string{"a": "b"}
	made, err = templates.Update(ctx, made, metav1.UpdateOptions{})
	testutil.Check(t, err)
	for i, store := range stores {
		eventually(t, "the informers have the object", func() bool {
			obj, exists, _ := store.GetByKey("default/t")
			if !exists {
				return false
			}
			template, ok := obj.(*corev1.PodTemplate)
			if !ok {
				t.Fatalf("informer %d has a %T", i, obj)
			}
			return template.ResourceVersion == made.ResourceVersion
		})
	}
	testutil.Check(t, templates.Delete(ctx, "t", metav1.DeleteOptions{}))
	for _, store := range stores {
		eventually(t, "the informers are empty", func() bool { return len(store.ListKeys()) == 0 })
	}
}
