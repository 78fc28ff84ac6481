package node

import corev1 "k8s.io/api/core/v1"

// VisitReferences calls visit for each secret, config map and persistent volume
// claim that a pod names. The resource is corev1.ResourceSecrets,
// corev1.ResourceConfigMaps or corev1.ResourcePersistentVolumeClaims. The
// objects are in the namespace of the pod. One that the pod names several times
// is visited as often. Empty names are left out.
func VisitReferences(p *corev1.Pod, visit func(resource corev1.ResourceName, name string)) {
	add := func(resource corev1.ResourceName, name string) {
		if name != "" {
			visit(resource, name)
		}
	}
	for i := range p.Spec.ImagePullSecrets {
		add(corev1.ResourceSecrets, p.Spec.ImagePullSecrets[i].Name)
	}
	for i := range p.Spec.InitContainers {
		visitEnv(p.Spec.InitContainers[i].Env, p.Spec.InitContainers[i].EnvFrom, add)
	}
	for i := range p.Spec.Containers {
		visitEnv(p.Spec.Containers[i].Env, p.Spec.Containers[i].EnvFrom, add)
	}
	for i := range p.Spec.EphemeralContainers {
		visitEnv(p.Spec.EphemeralContainers[i].Env, p.Spec.EphemeralContainers[i].EnvFrom, add)
	}
	for i := range p.Spec.Volumes {
		visitVolume(p.Name, &p.Spec.Volumes[i], add)
	}
}

func visitEnv(env []corev1.EnvVar, from []corev1.EnvFromSource, add func(corev1.ResourceName, string)) {
	for i := range env {
		if source := env[i].ValueFrom; source != nil {
			if source.SecretKeyRef != nil {
				add(corev1.ResourceSecrets, source.SecretKeyRef.Name)
			}
			if source.ConfigMapKeyRef != nil {
				add(corev1.ResourceConfigMaps, source.ConfigMapKeyRef.Name)
			}
		}
	}
	for i := range from {
		if from[i].SecretRef != nil {
			add(corev1.ResourceSecrets, from[i].SecretRef.Name)
		}
		if from[i].ConfigMapRef != nil {
			add(corev1.ResourceConfigMaps, from[i].ConfigMapRef.Name)
		}
	}
}

func visitVolume(podName string, v *corev1.Volume, add func(corev1.ResourceName, string)) {
	local := func(ref *corev1.LocalObjectReference) {
		if ref != nil {
			add(corev1.ResourceSecrets, ref.Name)
		}
	}
	switch {
	case v.Secret != nil:
		add(corev1.ResourceSecrets, v.Secret.SecretName)
	case v.ConfigMap != nil:
		add(corev1.ResourceConfigMaps, v.ConfigMap.Name)
	case v.Projected != nil:
		for i := range v.Projected.Sources {
			if source := v.Projected.Sources[i].Secret; source != nil {
				add(corev1.ResourceSecrets, source.Name)
			}
			if source := v.Projected.Sources[i].ConfigMap; source != nil {
				add(corev1.ResourceConfigMaps, source.Name)
			}
		}
	case v.PersistentVolumeClaim != nil:
		add(corev1.ResourcePersistentVolumeClaims, v.PersistentVolumeClaim.ClaimName)
	case v.Ephemeral != nil:
		// The name of an ephemeral claim consists of the names of the pod and
		// the volume.
		add(corev1.ResourcePersistentVolumeClaims, podName+"-"+v.Name)
	case v.CSI != nil:
		local(v.CSI.NodePublishSecretRef)
	case v.AzureFile != nil:
		add(corev1.ResourceSecrets, v.AzureFile.SecretName)
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
