package e2e

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	toolswatch "k8s.io/client-go/tools/watch"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestInformer follows changes with an informer, which uses WatchList.
func TestInformer(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	create(t, client, ns, numbered("old", 20)...)
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(ns))
	configMaps := factory.Core().V1().ConfigMaps()
	var added, updated, deleted atomic.Int32
	_, err := configMaps.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { added.Add(1) },
		UpdateFunc: func(_, _ any) { updated.Add(1) },
		DeleteFunc: func(any) { deleted.Add(1) },
	})
	testutil.Check(t, err)
	factory.Start(t.Context().Done())
	factory.WaitForCacheSync(t.Context().Done())
	if all, err := configMaps.Lister().ConfigMaps(ns).List(labels.Everything()); err != nil || len(all) != 20 {
		t.Errorf("after the sync the informer has %d objects, %v", len(all), err)
	}
	c := create(t, client, ns, "new")
	c.Data = map[string]string{"a": "b"}
	_, err = client.CoreV1().ConfigMaps(ns).Update(t.Context(), c, metav1.UpdateOptions{})
	testutil.Check(t, err)
	testutil.Check(t, client.CoreV1().ConfigMaps(ns).Delete(t.Context(), "new", metav1.DeleteOptions{}))
	eventually(t, "21 additions, an update and a deletion", func() bool {
		return added.Load() == 21 && updated.Load() == 1 && deleted.Load() == 1
	})
}

// TestWatchList requests the existing objects as events that end with a
// bookmark. After the watch has ended, it continues from the bookmark.
func TestWatchList(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	create(t, client, ns, "a", "b")
	options := metav1.ListOptions{
		SendInitialEvents:    ptr.To(true),
		ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
		AllowWatchBookmarks:  true,
	}
	events, err := client.CoreV1().ConfigMaps(ns).Watch(t.Context(), options)
	testutil.Check(t, err)
	for _, want := range []string{"a", "b"} {
		if event := next(t, events); event.Type != watch.Added || event.Object.(*corev1.ConfigMap).Name != want {
			t.Errorf("event %v, not %s", event, want)
		}
	}
	bookmark := next(t, events)
	meta := bookmark.Object.(*corev1.ConfigMap)
	if bookmark.Type != watch.Bookmark || meta.Annotations[metav1.InitialEventsAnnotationKey] != "true" {
		t.Fatalf("the initial events end with %v", bookmark)
	}
	events.Stop()

	create(t, client, ns, "c")
	events, err = client.CoreV1().ConfigMaps(ns).Watch(t.Context(), metav1.ListOptions{ResourceVersion: meta.ResourceVersion})
	testutil.Check(t, err)
	defer events.Stop()
	if event := next(t, events); event.Type != watch.Added || event.Object.(*corev1.ConfigMap).Name != "c" {
		t.Errorf("after the bookmark came %v", event)
	}
}

// TestRetryWatcher continues over the end of many short watches. It must
// neither miss nor repeat an event.
func TestRetryWatcher(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	from := create(t, client, ns, "from")
	short := &cache.ListWatch{WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
		options.TimeoutSeconds = ptr.To[int64](1)
		return client.CoreV1().ConfigMaps(ns).Watch(ctx, options)
	}}
	events, err := toolswatch.NewRetryWatcherWithContext(t.Context(), from.ResourceVersion, short)
	testutil.Check(t, err)
	defer events.Stop()
	for _, name := range numbered("slow", 6) {
		create(t, client, ns, name)
		if event := next(t, events); event.Type != watch.Added || event.Object.(*corev1.ConfigMap).Name != name {
			t.Errorf("event %v, not %s", event, name)
		}
		time.Sleep(400 * time.Millisecond)
	}
}

// TestLeaderElection lets three candidates compete for one lease. When the
// leader stops, another candidate must become the leader.
func TestLeaderElection(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	elected := make(chan string, 3)
	ctx, cancel := context.WithCancel(t.Context())
	stop := map[string]context.CancelFunc{}
	ended := make(chan struct{}, 3)
	for _, name := range []string{"first", "second", "third"} {
		elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
			Lock: &resourcelock.LeaseLock{
				LeaseMeta:  metav1.ObjectMeta{Name: "leader", Namespace: ns},
				Client:     client.CoordinationV1(),
				LockConfig: resourcelock.ResourceLockConfig{Identity: name},
			},
			ReleaseOnCancel: true,
			LeaseDuration:   5 * time.Second,
			RenewDeadline:   4 * time.Second,
			RetryPeriod:     200 * time.Millisecond,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) { elected <- name },
				OnStoppedLeading: func() {},
			},
		})
		testutil.Check(t, err)
		own, cancelOwn := context.WithCancel(ctx)
		stop[name] = cancelOwn
		go func() {
			elector.Run(own)
			ended <- struct{}{}
		}()
	}
	leader := <-elected
	lease, err := client.CoordinationV1().Leases(ns).Get(t.Context(), "leader", metav1.GetOptions{})
	testutil.Check(t, err)
	if *lease.Spec.HolderIdentity != leader {
		t.Errorf("%s leads, the lease says %s", leader, *lease.Spec.HolderIdentity)
	}
	stop[leader]()
	select {
	case second := <-elected:
		if second == leader {
			t.Errorf("%s was elected again after it left", leader)
		}
	case <-time.After(patience):
		t.Error("nobody took over")
	}
	cancel()
	for range 3 {
		<-ended
	}
}

// TestEveryInformer starts an informer of every resource, as kube-controller-manager
// and kube-scheduler do: with protobuf, and with WatchList. Those that follow only
// the metadata, for garbage collection, are started as well.
func TestEveryInformer(t *testing.T) {
	t.Parallel()
	s := sharedServer(t)
	config := restclient.CopyConfig(s.Config)
	config.AcceptContentTypes, config.ContentType = runtime.ContentTypeProtobuf+","+runtime.ContentTypeJSON, runtime.ContentTypeProtobuf
	client := kubernetes.NewForConfigOrDie(config)
	lists, err := client.Discovery().ServerPreferredResources()
	testutil.Check(t, err)
	gvrs, err := discovery.GroupVersionResources(discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "watch"}}, lists))
	testutil.Check(t, err)

	typed := informers.NewSharedInformerFactory(client, 0)
	metadatas := metadatainformer.NewSharedInformerFactory(metadata.NewForConfigOrDie(config), 0)
	synced := map[string]cache.InformerSynced{}
	for gvr := range gvrs {
		synced["metadata of "+gvr.String()] = metadatas.ForResource(gvr).Informer().HasSynced
		if !scheme.Scheme.IsVersionRegistered(gvr.GroupVersion()) {
			continue // definitions, APIServices and custom resources have clients of their own
		}
		informer, err := typed.ForResource(gvr)
		testutil.Check(t, err)
		synced[gvr.String()] = informer.Informer().HasSynced
	}
	if len(synced) < 100 {
		t.Errorf("%d informers", len(synced))
	}
	typed.Start(t.Context().Done())
	metadatas.Start(t.Context().Done())
	for name, done := range synced {
		eventually(t, name+" has synced", done)
	}
}
