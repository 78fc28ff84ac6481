package bootstrap

import (
	"context"
	"errors"
	"net"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// endpoints maintains the addresses of the API servers in the endpoints of the
// kubernetes service.
type endpoints struct {
	Services
	client  kubernetes.Interface
	objects *objects.Access
}

func newEndpoints(client kubernetes.Interface, access *objects.Access, services Services) *endpoints {
	return &endpoints{services, client, access}
}

// reconcile adds this server's address to the endpoints and removes those of
// other servers that have stopped.
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

// remove removes this server's address from the endpoints. The reconciler
// "master-count" keeps it, as kube-apiserver does, because the server may come
// back; it disappears when the place is needed for another server.
func (e *endpoints) remove(ctx context.Context) error {
	if !e.ReconcileByLease {
		return nil
	}
	if err := e.Leases.Remove(ctx, e.Address.String()); err != nil {
		return err
	}
	addresses, err := e.leased(ctx)
	if err != nil {
		return err
	}
	return e.write(ctx, addresses)
}

// renew renews the lease of this server.
func (e *endpoints) renew(ctx context.Context) error {
	own := e.Address.String()
	return e.Leases.Renew(ctx, own, nil, corev1.EndpointSubset{Addresses: []corev1.EndpointAddress{{IP: own}}})
}

// leased returns the sorted addresses of the servers that have a lease.
func (e *endpoints) leased(ctx context.Context) (addresses []string, _ error) {
	leases, err := e.Leases.List(ctx)
	if err != nil {
		return nil, err
	}
	for i := range leases {
		if subsets := leases[i].Subsets; len(subsets) > 0 && len(subsets[0].Addresses) > 0 {
			addresses = append(addresses, subsets[0].Addresses[0].IP)
		}
	}
	slices.Sort(addresses)
	return addresses, nil
}

// OtherServers reports whether the storage contains leases of servers at other
// addresses.
func (s Services) OtherServers(ctx context.Context) (bool, error) {
	addresses, err := newEndpoints(nil, nil, s).leased(ctx)
	own := s.Address.String()
	return slices.ContainsFunc(addresses, func(address string) bool { return address != own }), err
}

// count adds this server's address. If there are then more addresses than
// servers, it drops addresses of other servers.
func (e *endpoints) count(ctx context.Context) error {
	have, err := read[*corev1.Endpoints](ctx, e.objects, endpointsResource, metav1.NamespaceDefault, kubernetesName)
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

// reachable omits loopback addresses: the API refuses them, because pods could not reach
// the server there.
func reachable(addresses []string) []string {
	return slices.DeleteFunc(slices.Clone(addresses), func(a string) bool {
		ip := net.ParseIP(a)
		return ip == nil || ip.IsLoopback() || ip.IsLinkLocalUnicast()
	})
}

// write writes the addresses to the Endpoints object and the EndpointSlice, as far as
// they are reachable. If the server listens only on loopback, the service has no
// endpoints.
func (e *endpoints) write(ctx context.Context, addresses []string) error {
	addresses = reachable(addresses)
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
	have, err := read[*corev1.Endpoints](ctx, e.objects, endpointsResource, metav1.NamespaceDefault, kubernetesName)
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
	have, err := read[*discoveryv1.EndpointSlice](ctx, e.objects, endpointSliceResource, metav1.NamespaceDefault, kubernetesName)
	if err == nil && have.AddressType != want.AddressType {
		// The address type of an EndpointSlice is immutable, so it is deleted.
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
