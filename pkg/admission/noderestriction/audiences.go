package noderestriction

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
)

// needs reports whether a volume of a pod needs tokens for an audience: one that
// projects such a token, or one whose CSI driver asks for it.
func (c cluster) needs(ctx context.Context, pod *corev1.Pod, audience string) (bool, error) {
	for _, volume := range pod.Spec.Volumes {
		if volume.Projected != nil && slices.ContainsFunc(volume.Projected.Sources, func(source corev1.VolumeProjection) bool {
			return source.ServiceAccountToken != nil && source.ServiceAccountToken.Audience == audience
		}) {
			return true, nil
		}
	}
	for i := range pod.Spec.Volumes {
		name, err := c.driverOf(ctx, pod, &pod.Spec.Volumes[i])
		if err != nil {
			return false, err
		}
		if name == "" {
			continue
		}
		driver, err := c.driver(ctx, name)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(driver.Spec.TokenRequests, func(t storagev1.TokenRequest) bool { return t.Audience == audience }) {
			return true, nil
		}
	}
	return false, nil
}

// driverOf returns the name of the CSI driver of a volume, or an empty string. The
// drivers that have replaced plugins of Kubernetes are among them.
func (c cluster) driverOf(ctx context.Context, pod *corev1.Pod, v *corev1.Volume) (string, error) {
	switch {
	case v.CSI != nil:
		return v.CSI.Driver, nil
	case v.PersistentVolumeClaim != nil:
		return c.driverOfClaim(ctx, pod.Namespace, v.PersistentVolumeClaim.ClaimName)
	case v.Ephemeral != nil:
		return c.driverOfClaim(ctx, pod.Namespace, pod.Name+"-"+v.Name)
	}
	return successor(&v.VolumeSource), nil
}

func (c cluster) driverOfClaim(ctx context.Context, namespace, name string) (string, error) {
	claim, err := c.claim(ctx, namespace, name)
	if err != nil {
		return "", err
	}
	volume, err := c.volume(ctx, claim.Spec.VolumeName)
	if err != nil {
		return "", err
	}
	v := volume.Spec.PersistentVolumeSource
	if v.CSI != nil {
		return v.CSI.Driver, nil
	}
	return successorOfPersistent(&v), nil
}

// The CSI drivers that have replaced plugins of Kubernetes.
const (
	ebs       = "ebs.csi.aws.com"
	azureDisk = "disk.csi.azure.com"
	azureFile = "file.csi.azure.com"
	cinder    = "cinder.csi.openstack.org"
	gce       = "pd.csi.storage.gke.io"
	portworx  = "pxd.portworx.com"
	vSphere   = "csi.vsphere.vmware.com"
)

// inTree says of which plugin of Kubernetes a volume is.
type inTree struct{ ebs, azureDisk, azureFile, cinder, gce, portworx, vSphere bool }

// driver returns the CSI driver that has replaced the plugin, or an empty string.
func (v inTree) driver() string {
	switch {
	case v.ebs:
		return ebs
	case v.azureDisk:
		return azureDisk
	case v.azureFile:
		return azureFile
	case v.cinder:
		return cinder
	case v.gce:
		return gce
	case v.portworx:
		return portworx
	case v.vSphere:
		return vSphere
	}
	return ""
}

func successor(v *corev1.VolumeSource) string {
	return inTree{v.AWSElasticBlockStore != nil, v.AzureDisk != nil, v.AzureFile != nil, v.Cinder != nil, v.GCEPersistentDisk != nil,
		v.PortworxVolume != nil, v.VsphereVolume != nil}.driver()
}

func successorOfPersistent(v *corev1.PersistentVolumeSource) string {
	return inTree{v.AWSElasticBlockStore != nil, v.AzureDisk != nil, v.AzureFile != nil, v.Cinder != nil, v.GCEPersistentDisk != nil,
		v.PortworxVolume != nil, v.VsphereVolume != nil}.driver()
}
