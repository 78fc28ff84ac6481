package bootstrap

import (
	"context"
	"errors"
	"net"
	"path"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	apistorage "k8s.io/apiserver/pkg/storage"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

// leasesKey is where the servers' addresses are, one object each, which etcd
// deletes when it is not renewed.
const leasesKey = "/masterleases"

// endpoints keeps the addresses of the API servers in the endpoints of the
// kubernetes service.
type endpoints struct {
	Services
	client kubernetes.Interface
}

func newEndpoints(client kubernetes.Interface, services Services) *endpoints {
	return &endpoints{services, client}
}

// reconcile makes sure that the endpoints have this server's address.
func (e *endpoints) reconcile(ctx context.Context) error {
	switch {
	case e.ReconcileByLease:
		if err := e.renew(ctx); err != nil {
			return err
		}
		addresses, err := e.leased(ctx)
		if err != nil {
			return err
		}
		if len(addresses) == 0 {
			return errors.New("no API server IP addresses were listed in storage, refusing to erase all endpoints for the kubernetes Service")
		}
		return e.write(ctx, addresses)
	case e.ReconcileByCount:
		return e.count(ctx)
	}
	return nil
}

// remove takes this server's address away. With a count nobody knows whether
// it comes back: it stays until others need its place.
func (e *endpoints) remove(ctx context.Context) error {
	if !e.ReconcileByLease {
		return nil
	}
	if err := e.Leases.Delete(ctx, e.key(), &corev1.Endpoints{}, nil, rest.ValidateAllObjectFunc, nil, apistorage.DeleteOptions{}); err != nil &&
		!apistorage.IsNotFound(err) {
		return err
	}
	addresses, err := e.leased(ctx)
	if err != nil {
		return err
	}
	return e.write(ctx, addresses)
}

func (e *endpoints) key() string { return path.Join(leasesKey, e.Address.String()) }

// renew writes the lease. It counts, because a write that changes nothing does
// not reach etcd.
func (e *endpoints) renew(ctx context.Context) error {
	return e.Leases.GuaranteedUpdate(ctx, e.key(), &corev1.Endpoints{}, true, nil,
		func(obj runtime.Object, _ apistorage.ResponseMeta) (runtime.Object, *uint64, error) {
			lease := obj.(*corev1.Endpoints)
			lease.Subsets = []corev1.EndpointSubset{{Addresses: []corev1.EndpointAddress{{IP: e.Address.String()}}}}
			lease.Generation++
			return lease, ptr.To(uint64(leaseTime / time.Second)), nil
		}, nil)
}

// leased returns the addresses of the servers that are alive, in order.
func (e *endpoints) leased(ctx context.Context) (addresses []string, _ error) {
	list := &corev1.EndpointsList{}
	if err := e.Leases.GetList(ctx, leasesKey, apistorage.ListOptions{Predicate: apistorage.Everything, Recursive: true}, list); err != nil {
		return nil, err
	}
	for i := range list.Items {
		if subsets := list.Items[i].Subsets; len(subsets) > 0 && len(subsets[0].Addresses) > 0 {
			addresses = append(addresses, subsets[0].Addresses[0].IP)
		}
	}
	slices.Sort(addresses)
	return addresses, nil
}

// OtherServers reports whether other servers, at other addresses, share the
// storage and are alive.
func (s Services) OtherServers(ctx context.Context) (bool, error) {
	addresses, err := newEndpoints(nil, s).leased(ctx)
	own := s.Address.String()
	return slices.ContainsFunc(addresses, func(address string) bool { return address != own }), err
}

// count adds this server's address, and drops others in turn while there are
// more than there are servers.
func (e *endpoints) count(ctx context.Context) error {
	have, err := e.client.CoreV1().Endpoints(metav1.NamespaceDefault).Get(ctx, kubernetesName, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	addresses := []string{e.Address.String()}
	if err == nil && len(have.Subsets) == 1 {
		for _, address := range have.Subsets[0].Addresses {
			if !slices.Contains(addresses, address.IP) {
				addresses = append(addresses, address.IP)
			}
		}
	}
	addresses = addresses[:min(len(addresses), max(e.Servers, 1))]
	slices.Sort(addresses)
	return e.write(ctx, addresses)
}

// write writes the addresses into the endpoints and the endpoint slice. The
// API refuses loopback addresses, which would mislead every pod: a server that
// is there for its own host alone has a service without endpoints.
func (e *endpoints) write(ctx context.Context, addresses []string) error {
	addresses = slices.DeleteFunc(slices.Clone(addresses), func(a string) bool {
		ip := net.ParseIP(a)
		return ip == nil || ip.IsLoopback() || ip.IsLinkLocalUnicast()
	})
	if err := e.writeEndpoints(ctx, addresses); err != nil {
		return err
	}
	return e.writeSlice(ctx, addresses)
}

func (e *endpoints) writeEndpoints(ctx context.Context, addresses []string) error {
	want := &corev1.Endpoints{
		ObjectMeta: metav1.ObjectMeta{
			Name: kubernetesName, Namespace: metav1.NamespaceDefault,
			Labels: map[string]string{discoveryv1.LabelSkipMirror: "true"},
		},
	}
	if len(addresses) > 0 {
		subset := corev1.EndpointSubset{Ports: []corev1.EndpointPort{{Name: httpsName, Port: int32(e.Port), Protocol: corev1.ProtocolTCP}}}
		for _, address := range addresses {
			subset.Addresses = append(subset.Addresses, corev1.EndpointAddress{IP: address})
		}
		want.Subsets = []corev1.EndpointSubset{subset}
	}
	api := e.client.CoreV1().Endpoints(metav1.NamespaceDefault)
	have, err := api.Get(ctx, kubernetesName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = api.Create(ctx, want, metav1.CreateOptions{})
		return unlessExists(err)
	}
	if err != nil || apiequality.Semantic.DeepEqual(have.Subsets, want.Subsets) && have.Labels[discoveryv1.LabelSkipMirror] == "true" {
		return err
	}
	have.Subsets = want.Subsets
	metav1.SetMetaDataLabel(&have.ObjectMeta, discoveryv1.LabelSkipMirror, "true")
	_, err = api.Update(ctx, have, metav1.UpdateOptions{})
	return err
}

func (e *endpoints) writeSlice(ctx context.Context, addresses []string) error {
	want := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Name: kubernetesName, Namespace: metav1.NamespaceDefault,
			Labels: map[string]string{discoveryv1.LabelServiceName: kubernetesName},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: ptr.To(httpsName), Port: ptr.To(int32(e.Port)), Protocol: ptr.To(corev1.ProtocolTCP)}},
	}
	if e.Address.To4() == nil {
		want.AddressType = discoveryv1.AddressTypeIPv6
	}
	for _, address := range addresses {
		want.Endpoints = append(want.Endpoints, discoveryv1.Endpoint{
			Addresses: []string{address}, Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)},
		})
	}
	api := e.client.DiscoveryV1().EndpointSlices(metav1.NamespaceDefault)
	have, err := api.Get(ctx, kubernetesName, metav1.GetOptions{})
	if err == nil && have.AddressType != want.AddressType {
		// It cannot be changed.
		if err = api.Delete(ctx, kubernetesName, metav1.DeleteOptions{}); err == nil {
			err = apierrors.NewNotFound(discoveryv1.Resource("endpointslices"), kubernetesName)
		}
	}
	if apierrors.IsNotFound(err) {
		_, err = api.Create(ctx, want, metav1.CreateOptions{})
		return unlessExists(err)
	}
	if err != nil || apiequality.Semantic.DeepEqual(have.Endpoints, want.Endpoints) && apiequality.Semantic.DeepEqual(have.Ports, want.Ports) &&
		have.Labels[discoveryv1.LabelServiceName] == kubernetesName {
		return err
	}
	have.Endpoints, have.Ports = want.Endpoints, want.Ports
	metav1.SetMetaDataLabel(&have.ObjectMeta, discoveryv1.LabelServiceName, kubernetesName)
	_, err = api.Update(ctx, have, metav1.UpdateOptions{})
	return err
}
