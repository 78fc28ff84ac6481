package volume

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// validatePersistentSource checks the first source that is set, and returns
// errors for all others. The order and the names are those of kube-apiserver.
// Clients see them in errors, even where a name differs from that in JSON.
func validatePersistentSource(spec *corev1.PersistentVolumeSpec, volumeName string, p *field.Path) field.ErrorList {
	iscsi := func(s *corev1.ISCSIPersistentVolumeSource, p *field.Path) field.ErrorList {
		return validatePersistentISCSI(s, volumeName, p)
	}
	local := func(s *corev1.LocalVolumeSource, at *field.Path) field.ErrorList {
		return validateLocal(s, spec.NodeAffinity, at, p.Child("nodeAffinity"))
	}
	return validateOneSource(p, []*source{
		is(spec.HostPath, "hostPath", p.Child("hostPath"), ValidateHostPath),
		is(spec.GCEPersistentDisk, "gcePersistentDisk", p.Child("persistentDisk"), ValidateGCEPersistentDisk),
		is(spec.AWSElasticBlockStore, "awsElasticBlockStore", p.Child("awsElasticBlockStore"), ValidateAWSElasticBlockStore),
		is(spec.Glusterfs, "glusterfs", p.Child("glusterfs"), validatePersistentGlusterfs),
		is(spec.Flocker, "flocker", p.Child("flocker"), ValidateFlocker),
		is(spec.NFS, "nfs", p.Child("nfs"), ValidateNFS),
		is(spec.RBD, "rbd", p.Child("rbd"), validatePersistentRBD),
		is(spec.Quobyte, "quobyte", p.Child("quobyte"), ValidateQuobyte),
		is(spec.CephFS, "cephFS", p.Child("cephfs"), validatePersistentCephFS),
		is(spec.ISCSI, "iscsi", p.Child("iscsi"), iscsi),
		is(spec.Cinder, "cinder", p.Child("cinder"), validatePersistentCinder),
		is(spec.FC, "fc", p.Child("fc"), ValidateFC),
		is(spec.FlexVolume, "", p.Child("flexVolume"), validatePersistentFlexVolume),
		is(spec.AzureFile, "azureFile", p.Child("azureFile"), validatePersistentAzureFile),
		is(spec.VsphereVolume, "vsphereVolume", p.Child("vsphereVolume"), ValidateVsphereVolume),
		is(spec.PhotonPersistentDisk, "photonPersistentDisk", p.Child("photonPersistentDisk"), ValidatePhotonPersistentDisk),
		is(spec.PortworxVolume, "portworxVolume", p.Child("portworxVolume"), ValidatePortworxVolume),
		is(spec.AzureDisk, "azureDisk", p.Child("azureDisk"), ValidateAzureDisk),
		is(spec.ScaleIO, "scaleIO", p.Child("scaleIO"), validatePersistentScaleIO),
		is(spec.Local, "local", p.Child("local"), local),
		is(spec.StorageOS, "storageos", p.Child("storageos"), validatePersistentStorageOS),
		is(spec.CSI, "csi", p.Child("csi"), validatePersistentCSI),
	})
}

func validatePersistentGlusterfs(s *corev1.GlusterfsPersistentVolumeSource, p *field.Path) field.ErrorList {
	errs := validateGlusterfs(&corev1.GlusterfsVolumeSource{EndpointsName: s.EndpointsName, Path: s.Path}, p)
	at := p.Child("endpointsNamespace")
	switch {
	case s.EndpointsNamespace == nil:
	case *s.EndpointsNamespace == "":
		errs = append(errs, field.Invalid(at, "", "if the endpointnamespace is set, it must be a valid namespace name"))
	default:
		errs = append(errs, validation.ValidateDNS1123Label(*s.EndpointsNamespace, at)...)
	}
	return errs
}

func validatePersistentRBD(s *corev1.RBDPersistentVolumeSource, p *field.Path) field.ErrorList {
	return validateRBD(&corev1.RBDVolumeSource{CephMonitors: s.CephMonitors, RBDImage: s.RBDImage}, p)
}

func validatePersistentCephFS(s *corev1.CephFSPersistentVolumeSource, p *field.Path) field.ErrorList {
	return ValidateMonitors(s.Monitors, p)
}

// validatePersistentISCSI also checks the length of a name that is made of the
// volume's name and its portal.
func validatePersistentISCSI(s *corev1.ISCSIPersistentVolumeSource, volumeName string, p *field.Path) field.ErrorList {
	i := ISCSI{
		TargetPortal: s.TargetPortal, IQN: s.IQN, Lun: s.Lun, InitiatorName: s.InitiatorName,
		CHAP: s.DiscoveryCHAPAuth || s.SessionCHAPAuth, HasSecret: s.SecretRef != nil, UnknownName: "must be valid format",
	}
	if s.SecretRef != nil {
		i.SecretName = &s.SecretRef.Name
	}
	errs := ValidateISCSI(i, p)
	if tooLongForInitiator(volumeName, s.TargetPortal, s.InitiatorName) {
		errs = append(errs, field.Invalid(p.Child("targetportal"), s.TargetPortal, tooLongWithPortal))
	}
	return errs
}

func validatePersistentCinder(s *corev1.CinderPersistentVolumeSource, p *field.Path) field.ErrorList {
	errs := required(s.VolumeID, p.Child("volumeID"))
	if ref := s.SecretRef; ref != nil {
		errs = append(errs, validateNamespacedRef(ref.Name, ref.Namespace, p.Child("secretRef"))...)
	}
	return errs
}

func validatePersistentFlexVolume(s *corev1.FlexPersistentVolumeSource, p *field.Path) field.ErrorList {
	return ValidateFlexVolume(s.Driver, s.Options, p)
}

func validatePersistentAzureFile(s *corev1.AzureFilePersistentVolumeSource, p *field.Path) field.ErrorList {
	errs := validateAzureFile(&corev1.AzureFileVolumeSource{SecretName: s.SecretName, ShareName: s.ShareName}, p)
	if s.SecretNamespace != nil {
		errs = append(errs, required(*s.SecretNamespace, p.Child("secretNamespace"))...)
	}
	return errs
}

func validatePersistentScaleIO(s *corev1.ScaleIOPersistentVolumeSource, p *field.Path) field.ErrorList {
	return validateScaleIO(&corev1.ScaleIOVolumeSource{Gateway: s.Gateway, System: s.System, VolumeName: s.VolumeName}, p)
}

// validateLocal checks a path on one node, which the node affinity of the volume
// has to name.
func validateLocal(s *corev1.LocalVolumeSource, affinity *corev1.VolumeNodeAffinity, p, affinityPath *field.Path) field.ErrorList {
	errs := required(s.Path, p.Child("path"))
	if s.Path != "" {
		errs = validateNoBacksteps(s.Path, p.Child("path"))
	}
	if affinity == nil {
		errs = append(errs, field.Required(affinityPath, "Local volume requires node affinity"))
	}
	return errs
}

func validatePersistentStorageOS(s *corev1.StorageOSPersistentVolumeSource, p *field.Path) field.ErrorList {
	errs := validateStorageOS(&corev1.StorageOSVolumeSource{VolumeName: s.VolumeName, VolumeNamespace: s.VolumeNamespace}, p)
	if ref := s.SecretRef; ref != nil {
		errs = append(errs, validateNamespacedRef(ref.Name, ref.Namespace, p.Child("secretRef"))...)
	}
	return errs
}

// validatePersistentCSI checks the volume of a CSI driver. kube-apiserver checks
// all secrets but that of the stage, and so do we.
func validatePersistentCSI(s *corev1.CSIPersistentVolumeSource, p *field.Path) field.ErrorList {
	errs := join(ValidateCSIDriverName(s.Driver, p.Child("driver")), required(s.VolumeHandle, p.Child("volumeHandle")))
	for _, secret := range []struct {
		name string
		ref  *corev1.SecretReference
	}{
		{"controllerPublishSecretRef", s.ControllerPublishSecretRef},
		{"controllerExpandSecretRef", s.ControllerExpandSecretRef},
		{"nodePublishSecretRef", s.NodePublishSecretRef},
		{"nodeExpandSecretRef", s.NodeExpandSecretRef},
	} {
		if ref, at := secret.ref, p.Child(secret.name); ref != nil {
			errs = append(errs, validateNamespacedRef(ref.Name, ref.Namespace, at)...)
			errs = append(errs, validateSecretNames(ref, at)...)
		}
	}
	return errs
}

// validateSecretNames checks the form of a reference's name and namespace, where
// they are given.
func validateSecretNames(ref *corev1.SecretReference, p *field.Path) field.ErrorList {
	errs := ValidateClassName(&ref.Name, p.Child("name"))
	if ref.Namespace != "" {
		errs = append(errs, validation.ValidateDNS1123Label(ref.Namespace, p.Child("namespace"))...)
	}
	return errs
}

// validateNamespacedRef checks that a reference has both a name and a namespace.
func validateNamespacedRef(name, namespace string, p *field.Path) field.ErrorList {
	return join(required(name, p.Child("name")), required(namespace, p.Child("namespace")))
}
