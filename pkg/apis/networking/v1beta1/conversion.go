package v1beta1

import (
	"errors"

	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/conversion"
)

// AddToScheme registers the conversions.
func AddToScheme(scheme *runtime.Scheme) error {
	return errors.Join(
		conversion.Add(scheme, addressToV1),
		conversion.Add(scheme, addressFromV1),
		conversion.Add(scheme, func(in *networkingv1beta1.IPAddressList, out *networkingv1.IPAddressList) {
			out.ListMeta, out.Items = in.ListMeta, conversion.Slice(in.Items, addressToV1)
		}),
		conversion.Add(scheme, func(in *networkingv1.IPAddressList, out *networkingv1beta1.IPAddressList) {
			out.ListMeta, out.Items = in.ListMeta, conversion.Slice(in.Items, addressFromV1)
		}),
		conversion.Add(scheme, rangeToV1),
		conversion.Add(scheme, rangeFromV1),
		conversion.Add(scheme, func(in *networkingv1beta1.ServiceCIDRList, out *networkingv1.ServiceCIDRList) {
			out.ListMeta, out.Items = in.ListMeta, conversion.Slice(in.Items, rangeToV1)
		}),
		conversion.Add(scheme, func(in *networkingv1.ServiceCIDRList, out *networkingv1beta1.ServiceCIDRList) {
			out.ListMeta, out.Items = in.ListMeta, conversion.Slice(in.Items, rangeFromV1)
		}),
	)
}

func addressToV1(in *networkingv1beta1.IPAddress, out *networkingv1.IPAddress) {
	out.ObjectMeta, out.Spec.ParentRef = in.ObjectMeta, (*networkingv1.ParentReference)(in.Spec.ParentRef)
}

func addressFromV1(in *networkingv1.IPAddress, out *networkingv1beta1.IPAddress) {
	out.ObjectMeta, out.Spec.ParentRef = in.ObjectMeta, (*networkingv1beta1.ParentReference)(in.Spec.ParentRef)
}

func rangeToV1(in *networkingv1beta1.ServiceCIDR, out *networkingv1.ServiceCIDR) {
	out.ObjectMeta, out.Spec, out.Status = in.ObjectMeta, networkingv1.ServiceCIDRSpec(in.Spec), networkingv1.ServiceCIDRStatus(in.Status)
}

func rangeFromV1(in *networkingv1.ServiceCIDR, out *networkingv1beta1.ServiceCIDR) {
	out.ObjectMeta, out.Spec, out.Status = in.ObjectMeta, networkingv1beta1.ServiceCIDRSpec(in.Spec), networkingv1beta1.ServiceCIDRStatus(in.Status)
}
