package node

import (
	"cmp"
	"slices"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	storagev1 "k8s.io/api/storage/v1"
)

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
	for i := range p.Spec.ImagePullSecrets {
		add(secret, p.Spec.ImagePullSecrets[i].Name)
	}
	for i := range p.Spec.InitContainers {
		linkEnv(p.Spec.InitContainers[i].Env, p.Spec.InitContainers[i].EnvFrom, add)
	}
	for i := range p.Spec.Containers {
		linkEnv(p.Spec.Containers[i].Env, p.Spec.Containers[i].EnvFrom, add)
	}
	for i := range p.Spec.EphemeralContainers {
		linkEnv(p.Spec.EphemeralContainers[i].Env, p.Spec.EphemeralContainers[i].EnvFrom, add)
	}
	for i := range p.Spec.Volumes {
		linkVolume(p.Name, &p.Spec.Volumes[i], add)
	}
	linkClaims(p, add)
	slices.SortFunc(l.below, func(a, b object) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name)) })
	l.below = slices.Clip(slices.Compact(l.below))
	return l
}

func linkEnv(env []corev1.EnvVar, from []corev1.EnvFromSource, add func(kind, string)) {
	for i := range env {
		if source := env[i].ValueFrom; source != nil {
			if source.SecretKeyRef != nil {
				add(secret, source.SecretKeyRef.Name)
			}
			if source.ConfigMapKeyRef != nil {
				add(configMap, source.ConfigMapKeyRef.Name)
			}
		}
	}
	for i := range from {
		if from[i].SecretRef != nil {
			add(secret, from[i].SecretRef.Name)
		}
		if from[i].ConfigMapRef != nil {
			add(configMap, from[i].ConfigMapRef.Name)
		}
	}
}

func linkVolume(podName string, v *corev1.Volume, add func(kind, string)) {
	local := func(ref *corev1.LocalObjectReference) {
		if ref != nil {
			add(secret, ref.Name)
		}
	}
	switch {
	case v.Secret != nil:
		add(secret, v.Secret.SecretName)
	case v.ConfigMap != nil:
		add(configMap, v.ConfigMap.Name)
	case v.Projected != nil:
		for i := range v.Projected.Sources {
			if source := v.Projected.Sources[i].Secret; source != nil {
				add(secret, source.Name)
			}
			if source := v.Projected.Sources[i].ConfigMap; source != nil {
				add(configMap, source.Name)
			}
		}
	case v.PersistentVolumeClaim != nil:
		add(volumeClaim, v.PersistentVolumeClaim.ClaimName)
	case v.Ephemeral != nil:
		// The name of an ephemeral claim consists of the names of the pod and
		// the volume.
		add(volumeClaim, podName+"-"+v.Name)
	case v.CSI != nil:
		local(v.CSI.NodePublishSecretRef)
	case v.AzureFile != nil:
		add(secret, v.AzureFile.SecretName)
	case v.CephFS != nil:
		local(v.CephFS.SecretRef)
	case v.Cinder != nil:
		local(v.Cinder.SecretRef)
	case v.FlexVolume != nil:
		local(v.FlexVolume.SecretRef)
	case v.RBD != nil:
		local(v.RBD.SecretRef)
	case v.ScaleIO != nil:
		local(v.ScaleIO.SecretRef)
	case v.StorageOS != nil:
		local(v.StorageOS.SecretRef)
	case v.ISCSI != nil:
		local(v.ISCSI.SecretRef)
	}
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
