package e2e

import (
	"strconv"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

func TestPagination(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	want := numbered("page", 25)
	create(t, client, ns, want...)
	var got []string
	var version string
	options := metav1.ListOptions{Limit: 10}
	for page := 0; page == 0 || options.Continue != ""; page++ {
		list, err := client.CoreV1().ConfigMaps(ns).List(t.Context(), options)
		testutil.Check(t, err)
		if page == 0 {
			version = list.ResourceVersion
			create(t, client, ns, "page-late") // not contained in the snapshot of the list
			if *list.RemainingItemCount != 15 {
				t.Errorf("%d items remain", *list.RemainingItemCount)
			}
		} else if list.ResourceVersion != version {
			t.Errorf("page %d is of version %s, not %s", page, list.ResourceVersion, version)
		}
		for _, item := range list.Items {
			got = append(got, item.Name)
		}
		options.Continue = list.Continue
	}
	if len(got) != len(want) || got[0] != want[0] || got[24] != want[24] {
		t.Errorf("got %v", got)
	}
}

// TestReadAfterWrite checks that a list without a resource version, which is
// answered by the watch cache, contains all earlier writes.
func TestReadAfterWrite(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	for i, name := range numbered("read", 50) {
		last := create(t, client, ns, name)
		list, err := client.CoreV1().ConfigMaps(ns).List(t.Context(), metav1.ListOptions{})
		testutil.Check(t, err)
		if len(list.Items) != i+1 || number(t, list.ResourceVersion) < number(t, last.ResourceVersion) {
			t.Fatalf("after %d writes at %s: %d items at %s", i+1, last.ResourceVersion, len(list.Items), list.ResourceVersion)
		}
	}
}

func TestResourceVersionMatch(t *testing.T) {
	s, client, ns := sharedNamespace(t)
	first := create(t, client, ns, "first")
	second := create(t, client, ns, "second")
	for _, tt := range []struct {
		version string
		match   metav1.ResourceVersionMatch
		want    int
	}{
		{"", "", 2},
		{second.ResourceVersion, "", 2},
		{second.ResourceVersion, metav1.ResourceVersionMatchNotOlderThan, 2},
		{first.ResourceVersion, metav1.ResourceVersionMatchExact, 1},
		{second.ResourceVersion, metav1.ResourceVersionMatchExact, 2},
	} {
		list, err := client.CoreV1().ConfigMaps(ns).List(t.Context(), metav1.ListOptions{ResourceVersion: tt.version, ResourceVersionMatch: tt.match})
		if err != nil || len(list.Items) != tt.want {
			t.Errorf("%q %s: %v, not %d items", tt.version, tt.match, err, tt.want)
		}
	}
	// client-go would repeat this request for a minute.
	r := send(t, s.Config, request{path: "/api/v1/namespaces/" + ns + "/configmaps?resourceVersion=900000000"})
	if err := apierrors.FromObject(ptr.To(r.status())); !apierrors.IsTimeout(err) || !apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge) {
		t.Errorf("a version of the future: %d %v", r.code, err)
	}
}

func TestWatchFromVersion(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	create(t, client, ns, "before")
	from := create(t, client, ns, "from")
	create(t, client, ns, "after", "later")
	events, err := client.CoreV1().ConfigMaps(ns).Watch(t.Context(), metav1.ListOptions{ResourceVersion: from.ResourceVersion})
	testutil.Check(t, err)
	defer events.Stop()
	for _, want := range []string{"after", "later"} {
		if event := next(t, events); event.Type != watch.Added || event.Object.(*corev1.ConfigMap).Name != want {
			t.Errorf("event %v, not %s", event, want)
		}
	}
}

// TestCompaction requests resource versions that etcd has compacted: 410 Gone.
// It uses events, because they have no watch cache, which would remember old
// versions.
func TestCompaction(t *testing.T) {
	t.Parallel()
	etcd := "http://" + freeAddress(t)
	s := testserver.Start(t, testserver.Options{Flags: []string{"--embedded-etcd-listen-client-url=" + etcd}})
	client, ctx := kubernetes.NewForConfigOrDie(s.Config), t.Context()
	events := client.CoreV1().Events("default")
	var versions []string
	for _, name := range numbered("e", 6) {
		e, err := events.Create(ctx, &corev1.Event{ObjectMeta: named(name), InvolvedObject: corev1.ObjectReference{Namespace: "default"}}, metav1.CreateOptions{})
		testutil.Check(t, err)
		versions = append(versions, e.ResourceVersion)
	}
	page, err := events.List(ctx, metav1.ListOptions{Limit: 2})
	testutil.Check(t, err)
	last := create(t, client, "default", "last")
	_, err = etcdClient(t, etcd).Compact(ctx, int64(number(t, last.ResourceVersion)), clientv3.WithCompactPhysical())
	testutil.Check(t, err)

	_, err = events.List(ctx, metav1.ListOptions{Limit: 2, Continue: page.Continue})
	if !apierrors.IsResourceExpired(err) {
		t.Fatalf("an expired token: %v", err)
	}
	// The error contains a token with which the client can continue, but from a
	// newer snapshot.
	fresh := err.(apierrors.APIStatus).Status().ListMeta.Continue
	rest, err := events.List(ctx, metav1.ListOptions{Continue: fresh})
	if err != nil || len(rest.Items) != 4 {
		t.Errorf("from the token of the error: %v, %d items", err, len(rest.Items))
	}
	_, err = events.List(ctx, metav1.ListOptions{ResourceVersion: versions[0], ResourceVersionMatch: metav1.ResourceVersionMatchExact})
	if !apierrors.IsResourceExpired(err) {
		t.Errorf("a compacted version: %v", err)
	}
	w, err := events.Watch(ctx, metav1.ListOptions{ResourceVersion: versions[0]})
	testutil.Check(t, err)
	defer w.Stop()
	if err := apierrors.FromObject(next(t, w).Object); !apierrors.IsResourceExpired(err) {
		t.Errorf("a watch from a compacted version: %v", err)
	}
}

// TestWatchCacheForgets requests events from before the start of the server:
// 410 Gone, because the watch cache does not contain them.
func TestWatchCacheForgets(t *testing.T) {
	t.Parallel()
	dir := "--data-dir=" + t.TempDir()
	s, err := testserver.New(t.Context(), testserver.Options{Flags: []string{dir}})
	testutil.Check(t, err)
	old := create(t, kubernetes.NewForConfigOrDie(s.Config), "default", numbered("old", 5)...)
	testutil.Check(t, s.Stop())

	s, err = testserver.New(t.Context(), testserver.Options{Flags: []string{dir}})
	testutil.Check(t, err)
	defer func() { testutil.Check(t, s.Stop()) }()
	client := kubernetes.NewForConfigOrDie(s.Config)
	version := strconv.Itoa(number(t, old.ResourceVersion) - 3)
	events, err := client.CoreV1().ConfigMaps("default").Watch(t.Context(), metav1.ListOptions{ResourceVersion: version})
	testutil.Check(t, err)
	defer events.Stop()
	if err := apierrors.FromObject(next(t, events).Object); !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) {
		t.Errorf("a watch from before the start: %v", err)
	}
}
