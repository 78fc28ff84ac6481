package volume

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// Options disable rules that older objects violate. The zero value is for new
// objects.
type Options struct {
	// AllowNonLocalProjectedTokenPath allows paths of service account tokens
	// that are outside of the directory of the volume.
	AllowNonLocalProjectedTokenPath bool
	// Claim contains the options for the claims of ephemeral volumes.
	Claim ClaimOptions
}

// OptionsFor returns the options for updating an object that contains these
// volumes.
func OptionsFor(old []corev1.Volume) Options {
	var o Options
	for i := range old {
		if p := old[i].Projected; p != nil {
			for _, s := range p.Sources {
				if t := s.ServiceAccountToken; t != nil && len(validateLocalNonReservedPath(t.Path, nil)) > 0 {
					o.AllowNonLocalProjectedTokenPath = true
				}
			}
		}
		if e := old[i].Ephemeral; e != nil && e.VolumeClaimTemplate != nil {
			o.Claim = o.Claim.or(ClaimOptionsFor(&e.VolumeClaimTemplate.Spec))
		}
	}
	return o
}

// ValidateVolumes checks the volumes of a pod. It returns the valid ones by
// name, which the validation of mounts needs. podMeta is nil for a pod
// template. Image volumes in a template may omit the reference to the image,
// because whoever creates the pods can add it.
func ValidateVolumes(vols []corev1.Volume, podMeta *metav1.ObjectMeta, opts Options, p *field.Path) (map[string]corev1.VolumeSource, field.ErrorList) {
	var errs field.ErrorList
	byName := make(map[string]corev1.VolumeSource, len(vols))
	for i := range vols {
		v, at := &vols[i], p.Index(i)
		found := validateVolume(v, podMeta, opts, at)
		if _, twice := byName[v.Name]; twice {
			found = append(found, field.Duplicate(at.Child("name"), v.Name))
		}
		if len(found) == 0 {
			byName[v.Name] = v.VolumeSource
		}
		errs = append(errs, found...)
	}
	return byName, errs
}

func validateVolume(v *corev1.Volume, podMeta *metav1.ObjectMeta, opts Options, p *field.Path) field.ErrorList {
	errs := validateSource(&v.VolumeSource, podMeta == nil, opts, p)
	errs = append(errs, validateDerivedNames(v, podMeta, p)...)
	if v.Name == "" {
		return append(errs, field.Required(p.Child("name"), ""))
	}
	return append(errs, validation.ValidateDNS1123Label(v.Name, p.Child("name"))...)
}

// validateDerivedNames checks the names that are derived from the name of the
// volume.
func validateDerivedNames(v *corev1.Volume, podMeta *metav1.ObjectMeta, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	name := p.Child("name")
	if s := v.ISCSI; s != nil && tooLongForInitiator(v.Name, s.TargetPortal, s.InitiatorName) {
		errs = append(errs, field.Invalid(name, v.Name, tooLongWithPortal))
	}
	if v.Ephemeral != nil && v.Ephemeral.VolumeClaimTemplate != nil && v.Name != "" && podMeta != nil && podMeta.Name != "" {
		claim := podMeta.Name + "-" + v.Name
		for _, msg := range apivalidation.NameIsDNSSubdomain(claim, false) {
			errs = append(errs, field.Invalid(name, v.Name, fmt.Sprintf("PVC name %q: %s", claim, msg)))
		}
	}
	return errs
}

// source is a volume source that is set.
type source struct {
	name     string // the name in errors, in most cases the name in JSON
	validate func() field.ErrorList
}

// is returns a source, or nil if s is nil.
func is[T any](s *T, name string, p *field.Path, validate func(*T, *field.Path) field.ErrorList) *source {
	if s == nil {
		return nil
	}
	return &source{name, func() field.ErrorList { return validate(s, p) }}
}

// validateSource checks the first source that is set, and returns errors for
// all others. The order and the names are those of kube-apiserver. Clients see
// them in errors, even where a name differs from that in JSON.
func validateSource(v *corev1.VolumeSource, template bool, opts Options, p *field.Path) field.ErrorList {
	image := func(s *corev1.ImageVolumeSource, p *field.Path) field.ErrorList { return validateImage(s, template, p) }
	projected := func(s *corev1.ProjectedVolumeSource, p *field.Path) field.ErrorList {
		return validateProjected(s, opts, p)
	}
	ephemeral := func(s *corev1.EphemeralVolumeSource, p *field.Path) field.ErrorList {
		return validateEphemeral(s, opts.Claim, p)
	}

	return validateOneSource(p, []*source{
		is(v.EmptyDir, "emptyDir", p.Child("emptyDir"), validateEmptyDir),
		is(v.HostPath, "hostPath", p.Child("hostPath"), ValidateHostPath),
		is(v.GitRepo, "gitRepo", p.Child("gitRepo"), validateGitRepo),
		is(v.GCEPersistentDisk, "gcePersistentDisk", p.Child("persistentDisk"), ValidateGCEPersistentDisk),
		is(v.AWSElasticBlockStore, "awsElasticBlockStore", p.Child("awsElasticBlockStore"), ValidateAWSElasticBlockStore),
		is(v.Secret, "secret", p.Child("secret"), validateSecret),
		is(v.NFS, "nfs", p.Child("nfs"), ValidateNFS),
		is(v.ISCSI, "iscsi", p.Child("iscsi"), validateISCSI),
		is(v.Glusterfs, "glusterfs", p.Child("glusterfs"), validateGlusterfs),
		is(v.Flocker, "flocker", p.Child("flocker"), ValidateFlocker),
		is(v.PersistentVolumeClaim, "persistentVolumeClaim", p.Child("persistentVolumeClaim"), validateClaimReference),
		is(v.RBD, "rbd", p.Child("rbd"), validateRBD),
		is(v.Cinder, "cinder", p.Child("cinder"), validateCinder),
		is(v.CephFS, "cephFS", p.Child("cephfs"), validateCephFS),
		is(v.Quobyte, "quobyte", p.Child("quobyte"), ValidateQuobyte),
		is(v.DownwardAPI, "downwarAPI", p.Child("downwardAPI"), validateDownwardAPI),
		is(v.FC, "fc", p.Child("fc"), ValidateFC),
		is(v.FlexVolume, "flexVolume", p.Child("flexVolume"), validateFlexVolume),
		is(v.ConfigMap, "configMap", p.Child("configMap"), validateConfigMap),
		is(v.AzureFile, "azureFile", p.Child("azureFile"), validateAzureFile),
		is(v.VsphereVolume, "vsphereVolume", p.Child("vsphereVolume"), ValidateVsphereVolume),
		is(v.PhotonPersistentDisk, "photonPersistentDisk", p.Child("photonPersistentDisk"), ValidatePhotonPersistentDisk),
		is(v.PortworxVolume, "portworxVolume", p.Child("portworxVolume"), ValidatePortworxVolume),
		is(v.AzureDisk, "azureDisk", p.Child("azureDisk"), ValidateAzureDisk),
		is(v.StorageOS, "storageos", p.Child("storageos"), validateStorageOS),
		is(v.Projected, "projected", p.Child("projected"), projected),
		is(v.ScaleIO, "scaleIO", p.Child("scaleIO"), validateScaleIO),
		is(v.CSI, "csi", p.Child("csi"), validateCSI),
		is(v.Ephemeral, "ephemeral", p.Child("ephemeral"), ephemeral),
		is(v.Image, "image", p.Child("image"), image),
	})
}

// validateOneSource checks the first of the sources that is set, and returns
// errors for all others. A source without a name may be one too many.
func validateOneSource(p *field.Path, sources []*source) field.ErrorList {
	var errs field.ErrorList
	found := false
	for _, s := range sources {
		switch {
		case s == nil, found && s.name == "":
		case found:
			errs = append(errs, field.Forbidden(p.Child(s.name), "may not specify more than 1 volume type"))
		default:
			found = true
			errs = append(errs, s.validate()...)
		}
	}
	if !found {
		errs = append(errs, field.Required(p, "must specify a volume type"))
	}
	return errs
}

// ForbidServiceAccountTokens refuses the projection of service account tokens
// in a pod without service account.
func ForbidServiceAccountTokens(vols []corev1.Volume, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range vols {
		if vols[i].Projected == nil {
			continue
		}
		for j, s := range vols[i].Projected.Sources {
			if s.ServiceAccountToken != nil {
				errs = append(errs, field.Forbidden(p.Index(i).Child("projected", "sources").Index(j).Child("serviceAccountToken"),
					"must not be specified when serviceAccountName is not set"))
			}
		}
	}
	return errs
}

// required returns an error if the string is empty.
func required(value string, p *field.Path) field.ErrorList {
	if value == "" {
		return field.ErrorList{field.Required(p, "")}
	}
	return nil
}

// join concatenates lists of errors.
func join(lists ...field.ErrorList) field.ErrorList {
	var errs field.ErrorList
	for _, l := range lists {
		errs = append(errs, l...)
	}
	return errs
}
