package node

import (
	"cmp"
	"slices"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	storagev1 "k8s.io/api/storage/v1"
)

// referenced are the kinds of what VisitReferences finds.
var referenced = map[corev1.ResourceName]kind{
	corev1.ResourceSecrets:                secret,
	corev1.ResourceConfigMaps:             configMap,
	corev1.ResourcePersistentVolumeClaims: volumeClaim,
}

// podLinks returns the links from a pod to the objects to which it refers. A
// mirror pod has none: its node has created it, and must not give itself access
// in this way.
func podLinks(p *corev1.Pod) *links {
	if p.Spec.NodeName == "" {
		return nil
	}
	l := &links{node: p.Spec.NodeName}
	if _, mirror := p.Annotations[corev1.MirrorPodAnnotationKey]; mirror {
		return l
	}
	add := func(k kind, name string) {
		if name != "" {
			l.below = append(l.below, object{k, p.Namespace, name})
		}
	}
	add(serviceAccount, p.Spec.ServiceAccountName)
	VisitReferences(p, func(resource corev1.ResourceName, name string) { add(referenced[resource], name) })
	linkClaims(p, add)
	slices.SortFunc(l.below, func(a, b object) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name)) })
	l.below = slices.Clip(slices.Compact(l.below))
	return l
}

// linkClaims adds the resource claims that a pod names in its spec, and those
// that were created for it, which its status names.
func linkClaims(p *corev1.Pod, add func(kind, string)) {
	for i := range p.Spec.ResourceClaims {
		if name := p.Spec.ResourceClaims[i].ResourceClaimName; name != nil {
			add(resourceClaim, *name)
		}
	}
	for i := range p.Status.ResourceClaimStatuses {
		if name := p.Status.ResourceClaimStatuses[i].ResourceClaimName; name != nil {
			add(resourceClaim, *name)
		}
	}
	if extended := p.Status.ExtendedResourceClaimStatus; extended != nil {
		add(resourceClaim, extended.ResourceClaimName)
	}
}

// volumeLinks allows the readers of a claim to read the volume that is bound to
// it, and the secrets that a node needs to mount the volume. The secrets of the
// attacher and the resizer are excluded.
func volumeLinks(v *corev1.PersistentVolume) *links {
	claim := v.Spec.ClaimRef
	if claim == nil {
		return nil
	}
	l := &links{above: object{volumeClaim, claim.Namespace, claim.Name}}
	add := func(namespace, name string) {
		if name != "" {
			l.below = append(l.below, object{secret, cmp.Or(namespace, claim.Namespace), name})
		}
	}
	ref := func(refs ...*corev1.SecretReference) {
		for _, r := range refs {
			if r != nil {
				add(r.Namespace, r.Name)
			}
		}
	}
	switch source := v.Spec.PersistentVolumeSource; {
	case source.CSI != nil:
		ref(source.CSI.NodeStageSecretRef, source.CSI.NodePublishSecretRef, source.CSI.NodeExpandSecretRef)
	case source.AzureFile != nil:
		namespace := ""
		if source.AzureFile.SecretNamespace != nil {
			namespace = *source.AzureFile.SecretNamespace
		}
		add(namespace, source.AzureFile.SecretName)
	case source.CephFS != nil:
		ref(source.CephFS.SecretRef)
	case source.Cinder != nil:
		ref(source.Cinder.SecretRef)
	case source.FlexVolume != nil:
		ref(source.FlexVolume.SecretRef)
	case source.RBD != nil:
		ref(source.RBD.SecretRef)
	case source.ScaleIO != nil:
		ref(source.ScaleIO.SecretRef)
	case source.ISCSI != nil:
		ref(source.ISCSI.SecretRef)
	case source.StorageOS != nil && source.StorageOS.SecretRef != nil:
		add(source.StorageOS.SecretRef.Namespace, source.StorageOS.SecretRef.Name)
	}
	return l
}

// ofNode returns the links of an object that only its own node may read.
func ofNode(node string) *links {
	if node == "" {
		return nil
	}
	return &links{node: node}
}

func attachmentLinks(a *storagev1.VolumeAttachment) *links { return ofNode(a.Spec.NodeName) }

func sliceLinks(s *resourcev1.ResourceSlice) *links {
	if s.Spec.NodeName == nil {
		return nil
	}
	return ofNode(*s.Spec.NodeName)
}

func requestLinks(r *certificatesv1.PodCertificateRequest) *links {
	return ofNode(string(r.Spec.NodeName))
}
