package node

import (
	"context"
	"sync"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// syncTimeout limits how long the first decision waits for the graph.
const syncTimeout = 5 * time.Second

// source is a resource from which the graph is built.
type source struct {
	resource schema.GroupVersionResource
	kind     kind
	empty    runtime.Object
	client   func(kubernetes.Interface) restclient.Interface
	// selector is a field selector that excludes objects without links.
	selector string
	links    func(obj any) *links
}

// sources returns the resources that have links. Objects to which others only
// refer are not read at all.
func sources() []source {
	return []source{
		{corev1.SchemeGroupVersion.WithResource("pods"), pod, &corev1.Pod{},
			func(c kubernetes.Interface) restclient.Interface { return c.CoreV1().RESTClient() }, "spec.nodeName!=", typed(podLinks)},
		{corev1.SchemeGroupVersion.WithResource("persistentvolumes"), volume, &corev1.PersistentVolume{},
			func(c kubernetes.Interface) restclient.Interface { return c.CoreV1().RESTClient() }, "", typed(volumeLinks)},
		{storagev1.SchemeGroupVersion.WithResource("volumeattachments"), volumeAttachment, &storagev1.VolumeAttachment{},
			func(c kubernetes.Interface) restclient.Interface { return c.StorageV1().RESTClient() }, "", typed(attachmentLinks)},
		{resourcev1.SchemeGroupVersion.WithResource("resourceslices"), resourceSlice, &resourcev1.ResourceSlice{},
			func(c kubernetes.Interface) restclient.Interface { return c.ResourceV1().RESTClient() }, "", typed(sliceLinks)},
		{certificatesv1.SchemeGroupVersion.WithResource("podcertificaterequests"), certificateRequest, &certificatesv1.PodCertificateRequest{},
			func(c kubernetes.Interface) restclient.Interface { return c.CertificatesV1().RESTClient() }, "", typed(requestLinks)},
	}
}

func typed[T any](f func(T) *links) func(any) *links {
	return func(obj any) *links {
		if t, ok := obj.(T); ok {
			return f(t)
		}
		return nil
	}
}

// feed keeps a graph up to date. It starts with the first call of wait.
type feed struct {
	// ctx ends the watches.
	ctx    context.Context
	client kubernetes.Interface
	served func(schema.GroupVersionResource) bool
	graph  *graph

	start sync.Once
	// synced contains a channel per source, which is closed when the first list
	// has arrived.
	synced []<-chan struct{}
}

// wait reports whether the graph is complete. It waits for this until the
// context ends, but not longer than syncTimeout. The first call starts the
// watches of the served resources.
func (f *feed) wait(ctx context.Context) bool {
	f.start.Do(f.run)
	return signals.WaitFor(ctx, syncTimeout, f.synced...)
}

func (f *feed) run() {
	for _, from := range sources() {
		if !f.served(from.resource) {
			continue
		}
		s := &store{source: from, graph: f.graph, synced: signals.NewLatch()}
		f.synced = append(f.synced, s.synced.Done())
		list := cache.NewFilteredListWatchFromClient(s.client(f.client), s.resource.Resource, metav1.NamespaceAll,
			func(options *metav1.ListOptions) { options.FieldSelector = s.selector })
		reflector := cache.NewReflectorWithOptions(list, s.empty, s, cache.ReflectorOptions{Name: "node authorizer"})
		go reflector.RunWithContext(f.ctx)
	}
}

// store passes the objects of a reflector on to the graph and stores nothing
// itself.
type store struct {
	source
	graph  *graph
	synced *signals.Latch
}

var _ cache.ReflectorStore = (*store)(nil)

// Add implements cache.ReflectorStore.
func (s *store) Add(obj any) error {
	if o, ok := s.object(obj); ok {
		s.graph.set(o, s.links(obj))
	}
	return nil
}

// Update implements cache.ReflectorStore.
func (s *store) Update(obj any) error { return s.Add(obj) }

// Delete implements cache.ReflectorStore.
func (s *store) Delete(obj any) error {
	if o, ok := s.object(obj); ok {
		s.graph.set(o, nil)
	}
	return nil
}

// Replace implements cache.ReflectorStore.
func (s *store) Replace(list []any, _ string) error {
	all := make(map[object]*links, len(list))
	for _, obj := range list {
		if o, ok := s.object(obj); ok {
			if l := s.links(obj); l != nil {
				all[o] = l
			}
		}
	}
	s.graph.replace(s.kind, all)
	s.synced.Set()
	return nil
}

// Resync implements cache.ReflectorStore.
func (s *store) Resync() error { return nil }

func (s *store) object(obj any) (object, bool) {
	m, ok := obj.(metav1.Object)
	if !ok {
		return object{}, false
	}
	return object{s.kind, m.GetNamespace(), m.GetName()}, true
}
