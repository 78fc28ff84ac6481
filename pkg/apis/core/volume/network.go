package volume

import (
	"net"
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidateNFS checks an NFS export.
func ValidateNFS(s *corev1.NFSVolumeSource, p *field.Path) field.ErrorList {
	errs := join(required(s.Server, p.Child("server")), required(s.Path, p.Child("path")))
	if !path.IsAbs(s.Path) {
		errs = append(errs, field.Invalid(p.Child("path"), s.Path, "must be an absolute path"))
	}
	return errs
}

func validateGlusterfs(s *corev1.GlusterfsVolumeSource, p *field.Path) field.ErrorList {
	return join(required(s.EndpointsName, p.Child("endpoints")), required(s.Path, p.Child("path")))
}

// ValidateFlocker checks a Flocker dataset. Either its name or its UUID must be
// set.
func ValidateFlocker(s *corev1.FlockerVolumeSource, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch {
	case s.DatasetName == "" && s.DatasetUUID == "":
		errs = append(errs, field.Required(p, "one of datasetName and datasetUUID is required"))
	case s.DatasetName != "" && s.DatasetUUID != "":
		errs = append(errs, field.Invalid(p, "resource", "datasetName and datasetUUID can not be specified simultaneously"))
	}
	if strings.Contains(s.DatasetName, "/") {
		errs = append(errs, field.Invalid(p.Child("datasetName"), s.DatasetName, "must not contain '/'"))
	}
	return errs
}

func validateRBD(s *corev1.RBDVolumeSource, p *field.Path) field.ErrorList {
	return join(ValidateMonitors(s.CephMonitors, p), required(s.RBDImage, p.Child("image")))
}

func validateCephFS(s *corev1.CephFSVolumeSource, p *field.Path) field.ErrorList {
	return ValidateMonitors(s.Monitors, p)
}

// ValidateMonitors checks that the addresses of the Ceph monitors are set.
func ValidateMonitors(monitors []string, p *field.Path) field.ErrorList {
	if len(monitors) == 0 {
		return field.ErrorList{field.Required(p.Child("monitors"), "")}
	}
	return nil
}

// ValidateQuobyte checks a volume of Quobyte.
func ValidateQuobyte(s *corev1.QuobyteVolumeSource, p *field.Path) field.ErrorList {
	const wantPairs = "must be a host:port pair or multiple pairs separated by commas"
	var errs field.ErrorList
	registry := p.Child("registry")
	switch {
	case s.Registry == "":
		errs = append(errs, field.Required(registry, wantPairs))
	case len(s.Tenant) > 64:
		errs = append(errs, field.Required(p.Child("tenant"), "must be a UUID and may not exceed a length of 64 characters"))
	default:
		for pair := range strings.SplitSeq(s.Registry, ",") {
			if _, _, err := net.SplitHostPort(pair); err != nil {
				errs = append(errs, field.Invalid(registry, s.Registry, wantPairs))
			}
		}
	}
	return append(errs, required(s.Volume, p.Child("volume"))...)
}

// ValidateFC checks a Fibre Channel volume. Either its target WWNs and LUN or
// its WWIDs must be set.
func ValidateFC(s *corev1.FCVolumeSource, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	targets := p.Child("targetWWNs")
	switch {
	case len(s.TargetWWNs) == 0 && len(s.WWIDs) == 0:
		errs = append(errs, field.Required(targets, "must specify either targetWWNs or wwids, but not both"))
	case len(s.TargetWWNs) > 0 && len(s.WWIDs) > 0:
		errs = append(errs, field.Invalid(targets, s.TargetWWNs, "targetWWNs and wwids can not be specified simultaneously"))
	}
	if len(s.TargetWWNs) == 0 {
		return errs
	}
	if s.Lun == nil {
		return append(errs, field.Required(p.Child("lun"), "lun is required if targetWWNs is specified"))
	}
	return append(errs, validateUnit(*s.Lun, 0, p.Child("lun"))...)
}
