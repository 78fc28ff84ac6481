// Package v1beta1 contains the conversions of storage.k8s.io/v1beta1 to and from
// storage.k8s.io/v1, whose types are the hubs. Kubernetes 1.36 is the last version
// that serves it, if --runtime-config enables it.
package v1beta1

import (
	"errors"

	storagev1 "k8s.io/api/storage/v1"
	storagev1beta1 "k8s.io/api/storage/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/conversion"
)

// AddTypes registers the types that are still served. k8s.io/api has others, which
// Kubernetes has removed long ago.
func AddTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(storagev1beta1.SchemeGroupVersion, &storagev1beta1.VolumeAttributesClass{}, &storagev1beta1.VolumeAttributesClassList{})
	metav1.AddToGroupVersion(scheme, storagev1beta1.SchemeGroupVersion)
	return nil
}

// AddToScheme registers the conversions.
func AddToScheme(scheme *runtime.Scheme) error {
	return errors.Join(
		conversion.Add(scheme, toV1),
		conversion.Add(scheme, fromV1),
		conversion.Add(scheme, func(in *storagev1beta1.VolumeAttributesClassList, out *storagev1.VolumeAttributesClassList) {
			out.ListMeta, out.Items = in.ListMeta, conversion.Slice(in.Items, toV1)
		}),
		conversion.Add(scheme, func(in *storagev1.VolumeAttributesClassList, out *storagev1beta1.VolumeAttributesClassList) {
			out.ListMeta, out.Items = in.ListMeta, conversion.Slice(in.Items, fromV1)
		}),
	)
}

func toV1(in *storagev1beta1.VolumeAttributesClass, out *storagev1.VolumeAttributesClass) {
	*out = storagev1.VolumeAttributesClass(*in)
	out.TypeMeta = metav1.TypeMeta{}
}

func fromV1(in *storagev1.VolumeAttributesClass, out *storagev1beta1.VolumeAttributesClass) {
	*out = storagev1beta1.VolumeAttributesClass(*in)
	out.TypeMeta = metav1.TypeMeta{}
}
