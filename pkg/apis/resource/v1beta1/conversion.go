package v1beta1

import (
	resourcev1 "k8s.io/api/resource/v1"
	resourcev1beta1 "k8s.io/api/resource/v1beta1"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/utils/ptr"
)

// Convert_v1beta1_ResourceSliceSpec_To_v1_ResourceSliceSpec converts the choice
// of nodes: what v1beta1 has as an empty value is not set in v1.
func Convert_v1beta1_ResourceSliceSpec_To_v1_ResourceSliceSpec(
	in *resourcev1beta1.ResourceSliceSpec, out *resourcev1.ResourceSliceSpec, s conversion.Scope,
) error {
	if err := autoConvert_v1beta1_ResourceSliceSpec_To_v1_ResourceSliceSpec(in, out, s); err != nil {
		return err
	}
	out.NodeName, out.AllNodes = nil, nil
	if in.NodeName != "" {
		out.NodeName = ptr.To(in.NodeName)
	}
	if in.AllNodes {
		out.AllNodes = ptr.To(true)
	}
	return nil
}

// Convert_v1_ResourceSliceSpec_To_v1beta1_ResourceSliceSpec is the reverse of
// Convert_v1beta1_ResourceSliceSpec_To_v1_ResourceSliceSpec. An empty value that
// is set in v1 is lost.
func Convert_v1_ResourceSliceSpec_To_v1beta1_ResourceSliceSpec(
	in *resourcev1.ResourceSliceSpec, out *resourcev1beta1.ResourceSliceSpec, s conversion.Scope,
) error {
	if err := autoConvert_v1_ResourceSliceSpec_To_v1beta1_ResourceSliceSpec(in, out, s); err != nil {
		return err
	}
	out.NodeName, out.AllNodes = ptr.Deref(in.NodeName, ""), ptr.Deref(in.AllNodes, false)
	return nil
}
