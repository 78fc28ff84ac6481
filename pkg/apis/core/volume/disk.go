package volume

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// ValidateGCEPersistentDisk checks a persistent disk of Google Compute Engine.
func ValidateGCEPersistentDisk(s *corev1.GCEPersistentDiskVolumeSource, p *field.Path) field.ErrorList {
	return join(required(s.PDName, p.Child("pdName")), validateUnit(s.Partition, 1, p.Child("partition")))
}

// ValidateAWSElasticBlockStore checks an Elastic Block Store volume of AWS.
func ValidateAWSElasticBlockStore(s *corev1.AWSElasticBlockStoreVolumeSource, p *field.Path) field.ErrorList {
	return join(required(s.VolumeID, p.Child("volumeID")), validateUnit(s.Partition, 1, p.Child("partition")))
}

func validateCinder(s *corev1.CinderVolumeSource, p *field.Path) field.ErrorList {
	return join(required(s.VolumeID, p.Child("volumeID")), validateSecretRef(s.SecretRef, p.Child("secretRef")))
}

// ValidateAzureDisk checks an Azure disk. The form of its URI depends on
// whether the disk is managed.
func ValidateAzureDisk(s *corev1.AzureDiskVolumeSource, p *field.Path) field.ErrorList {
	const managed, unmanaged = "/subscriptions/", "https://"
	uri := p.Child("diskURI")
	errs := join(required(s.DiskName, p.Child("diskName")), required(s.DataDiskURI, uri))
	if s.CachingMode != nil {
		errs = append(errs, metavalidation.ValidateOneOf(*s.CachingMode, p.Child("cachingMode"),
			corev1.AzureDataDiskCachingNone, corev1.AzureDataDiskCachingReadOnly, corev1.AzureDataDiskCachingReadWrite)...)
	}
	kind := corev1.AzureSharedBlobDisk
	if s.Kind != nil {
		kind = *s.Kind
		errs = append(errs, metavalidation.ValidateOneOf(kind, p.Child("kind"),
			corev1.AzureDedicatedBlobDisk, corev1.AzureManagedDisk, corev1.AzureSharedBlobDisk)...)
	}
	switch {
	case kind == corev1.AzureManagedDisk && !strings.HasPrefix(s.DataDiskURI, managed):
		errs = append(errs, field.NotSupported(uri, s.DataDiskURI,
			[]string{managed + "{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"}))
	case kind != corev1.AzureManagedDisk && !strings.HasPrefix(s.DataDiskURI, unmanaged):
		errs = append(errs, field.NotSupported(uri, s.DataDiskURI,
			[]string{unmanaged + "{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"}))
	}
	return errs
}

func validateAzureFile(s *corev1.AzureFileVolumeSource, p *field.Path) field.ErrorList {
	return join(required(s.SecretName, p.Child("secretName")), required(s.ShareName, p.Child("shareName")))
}

// ValidateVsphereVolume checks a disk of vSphere.
func ValidateVsphereVolume(s *corev1.VsphereVirtualDiskVolumeSource, p *field.Path) field.ErrorList {
	return required(s.VolumePath, p.Child("volumePath"))
}

// ValidatePhotonPersistentDisk checks a disk of Photon.
func ValidatePhotonPersistentDisk(s *corev1.PhotonPersistentDiskVolumeSource, p *field.Path) field.ErrorList {
	return required(s.PdID, p.Child("pdID"))
}

// ValidatePortworxVolume checks a volume of Portworx.
func ValidatePortworxVolume(s *corev1.PortworxVolumeSource, p *field.Path) field.ErrorList {
	return required(s.VolumeID, p.Child("volumeID"))
}

func validateScaleIO(s *corev1.ScaleIOVolumeSource, p *field.Path) field.ErrorList {
	return join(
		required(s.Gateway, p.Child("gateway")),
		required(s.System, p.Child("system")),
		required(s.VolumeName, p.Child("volumeName")),
	)
}

func validateStorageOS(s *corev1.StorageOSVolumeSource, p *field.Path) field.ErrorList {
	errs := required(s.VolumeName, p.Child("volumeName"))
	if s.VolumeName != "" {
		errs = append(errs, validation.ValidateDNS1123Label(s.VolumeName, p.Child("volumeName"))...)
	}
	if s.VolumeNamespace != "" {
		errs = append(errs, validation.ValidateDNS1123Label(s.VolumeNamespace, p.Child("volumeNamespace"))...)
	}
	return append(errs, validateSecretRef(s.SecretRef, p.Child("secretRef"))...)
}

// validateSecretRef checks that a reference has a name. The reference may be
// nil.
func validateSecretRef(ref *corev1.LocalObjectReference, p *field.Path) field.ErrorList {
	if ref == nil {
		return nil
	}
	return required(ref.Name, p.Child("name"))
}
