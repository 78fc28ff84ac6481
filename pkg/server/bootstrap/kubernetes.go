package bootstrap

import (
	"context"
	"net/netip"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/serverleases"
	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

const (
	kubernetesName = "kubernetes"
	httpsName      = "https"
	// reconcileInterval is the interval at which the service and its endpoints
	// are checked, and the lease of this server is renewed.
	reconcileInterval = serverleases.RenewInterval
	// firstRunTimeout limits how long the hook waits for objects that other
	// hooks create.
	firstRunTimeout = 5 * time.Second
)

// kubernetesService maintains the kubernetes service, through which pods reach
// the API, and its endpoints. Only the service is there when the hook ends: as in kube-apiserver,
// it is not a condition of being ready that others can find this server.
func kubernetesService(server *genericapiserver.GenericAPIServer, n Needs) genericapiserver.PostStartHookFunc {
	k := &kubernetesKeeper{Services: n.Services, client: n.Client, objects: n.Objects, namespaces: n.Informers.Core().V1().Namespaces().Lister(),
		endpoints: newEndpoints(n.Client, n.Objects, n.Services)}
	err := server.AddPreShutdownHook("stop-kubernetes-service-controller", k.stop)
	return func(hook genericapiserver.PostStartHookContext) error {
		if err != nil {
			return err
		}
		var last error
		_ = wait.PollUntilContextTimeout(hook, 5*time.Millisecond, firstRunTimeout, true, func(ctx context.Context) (bool, error) {
			last = k.reconcileService(ctx)
			return last == nil, nil
		})
		if last != nil && hook.Err() == nil {
			klog.Warningf("Failed to ensure the kubernetes service, will retry: %v", last)
		}
		now := signals.NewPulse()
		now.Enqueue()
		go keep(hook, reconcileInterval, now, k.reconcile)
		return nil
	}
}

// kubernetesKeeper maintains the kubernetes service and its endpoints.
type kubernetesKeeper struct {
	Services
	client     kubernetes.Interface
	objects    *objects.Access
	namespaces corelisters.NamespaceLister
	endpoints  *endpoints

	mu      sync.Mutex
	stopped bool
	// corrected is true when the type and the ports of the service have been
	// restored, which happens once. Later changes are the administrator's.
	corrected bool
}

// reconcile ensures that there are the service and its endpoints.
func (k *kubernetesKeeper) reconcile(ctx context.Context) error {
	return k.unlessStopped(func() error {
		if err := k.ensureService(ctx); err != nil {
			return err
		}
		return k.endpoints.reconcile(ctx)
	})
}

// reconcileService ensures that there is the service.
func (k *kubernetesKeeper) reconcileService(ctx context.Context) error {
	return k.unlessStopped(func() error { return k.ensureService(ctx) })
}

func (k *kubernetesKeeper) unlessStopped(f func() error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopped {
		return nil
	}
	return f()
}

// stop removes this server from the endpoints.
func (k *kubernetesKeeper) stop() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stopped = true
	ctx, cancel := context.WithTimeout(context.Background(), reconcileInterval)
	defer cancel()
	if err := k.endpoints.remove(ctx); err != nil {
		klog.Warningf("Failed to remove this server from the endpoints of the kubernetes service: %v", err)
	}
	return nil
}

// ensureService creates the service if it does not exist, and restores its type and
// ports at the start.
func (k *kubernetesKeeper) ensureService(ctx context.Context) (err error) {
	defer func() { k.corrected = k.corrected || err == nil }()
	api := k.client.CoreV1().Services(metav1.NamespaceDefault)
	want := k.service()
	have, err := read[*corev1.Service](ctx, k.objects, serviceResource, metav1.NamespaceDefault, kubernetesName)
	if apierrors.IsNotFound(err) {
		// Other hooks create the default namespace and the service CIDR. Check
		// for both here and retry soon: the admission plugin NamespaceLifecycle
		// would wait for a missing namespace, for longer than the hooks need to
		// create it.
		if _, err := k.namespaces.Get(metav1.NamespaceDefault); err != nil {
			return err
		}
		if err := k.Allocation.Addresses.Allows(k.ip()); err != nil {
			return err
		}
		_, err = api.Create(ctx, want, metav1.CreateOptions{})
		return unlessExists(err)
	}
	if err != nil || k.corrected {
		return err
	}
	if have.Spec.Type == want.Spec.Type && apiequality.Semantic.DeepEqual(have.Spec.Ports, want.Spec.Ports) {
		return nil
	}
	have.Spec.Type, have.Spec.Ports = want.Spec.Type, want.Spec.Ports
	_, err = api.Update(ctx, have, metav1.UpdateOptions{})
	return err
}

func (k *kubernetesKeeper) ip() netip.Addr { return k.Ranges[0].Addr().Next() }

func (k *kubernetesKeeper) service() *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Name: kubernetesName, Namespace: metav1.NamespaceDefault,
			Labels: map[string]string{"provider": "kubernetes", "component": "apiserver"},
		},
		Spec: corev1.ServiceSpec{
			Type:            corev1.ServiceTypeClusterIP,
			ClusterIP:       k.ip().String(),
			IPFamilyPolicy:  ptr.To(corev1.IPFamilyPolicySingleStack),
			SessionAffinity: corev1.ServiceAffinityNone,
			Ports: []corev1.ServicePort{{
				Name: httpsName, Protocol: corev1.ProtocolTCP, Port: 443, TargetPort: intstr.FromInt32(int32(k.Port)), NodePort: int32(k.NodePort),
			}},
		},
	}
	if k.NodePort > 0 {
		s.Spec.Type = corev1.ServiceTypeNodePort
	}
	return s
}
