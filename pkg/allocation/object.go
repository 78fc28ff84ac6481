package allocation

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// manager is the value of the label that names the manager of an address.
const manager = "ipallocator.k8s.io"

// ownedFields are the managed fields of an IPAddress. They are written here,
// because these objects are stored directly and do not pass the handlers that
// usually update managed fields.
const ownedFields = `{"f:metadata":{"f:labels":{".":{},"f:ipaddress.kubernetes.io/ip-family":{},"f:ipaddress.kubernetes.io/managed-by":{}}},` +
	`"f:spec":{"f:parentRef":{".":{},"f:name":{},"f:namespace":{},"f:resource":{}}}}`

// ObjectFor returns the object that allocates an address to a service.
func ObjectFor(ip netip.Addr, service *corev1.Service) *networkingv1.IPAddress {
	now := metav1.Now()
	return &networkingv1.IPAddress{
		ObjectMeta: metav1.ObjectMeta{
			Name:   ip.String(),
			Labels: map[string]string{networkingv1.LabelIPAddressFamily: string(FamilyOf(ip)), networkingv1.LabelManagedBy: manager},
			ManagedFields: []metav1.ManagedFieldsEntry{{
				Manager: "kube-apiserver", Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: networkingv1.SchemeGroupVersion.String(),
				Time: &now, FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(ownedFields),
			}},
		},
		Spec: networkingv1.IPAddressSpec{ParentRef: &networkingv1.ParentReference{
			Resource: "services", Namespace: service.Namespace, Name: service.Name,
		}},
	}
}

// belongsTo reports whether an address is allocated to a service.
func belongsTo(ip *networkingv1.IPAddress, service *corev1.Service) bool {
	parent := ip.Spec.ParentRef
	return parent != nil && parent.Group == "" && parent.Resource == "services" &&
		parent.Namespace == service.Namespace && parent.Name == service.Name
}
