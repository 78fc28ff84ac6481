package volume

import (
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// iscsiNames are the formats of iSCSI names (RFC 3720, 3.2.6.3) by their
// prefix: a reversed domain name with a date (iqn), an IEEE EUI-64 identifier
// (eui), and a T11 network address authority identifier (naa).
var iscsiNames = [...]struct {
	prefix string
	form   *regexp.Regexp
}{
	{"iqn", regexp.MustCompile(`iqn\.\d{4}-\d{2}\.([[:alnum:]-.]+)(:[^,;*&$|\s]+)$`)},
	{"eui", regexp.MustCompile(`^eui.[[:alnum:]]{16}$`)},
	{"naa", regexp.MustCompile(`^naa.[[:alnum:]]{32}$`)},
}

// ISCSI contains the fields that the iSCSI volumes of pods and of
// PersistentVolumes have in common.
type ISCSI struct {
	TargetPortal, IQN string
	Lun               int32
	CHAP              bool // CHAP authentication is used for sessions or discovery, which requires the secret
	HasSecret         bool
	SecretName        *string // what must not be empty, or nil
	InitiatorName     *string
	UnknownName       string // what errors say of a name that has none of the known prefixes
}

const tooLongWithPortal = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified."

// tooLongForInitiator reports whether the name that the kubelet makes for an
// initiator, of a volume's name and its portal, is too long.
func tooLongForInitiator(volume, portal string, initiator *string) bool {
	return initiator != nil && len(volume+":"+portal) > 64
}

func validateISCSI(s *corev1.ISCSIVolumeSource, p *field.Path) field.ErrorList {
	return ValidateISCSI(ISCSI{
		TargetPortal: s.TargetPortal, IQN: s.IQN, Lun: s.Lun, InitiatorName: s.InitiatorName,
		CHAP: s.DiscoveryCHAPAuth || s.SessionCHAPAuth, HasSecret: s.SecretRef != nil,
		UnknownName: "must be valid format starting with iqn, eui, or naa",
	}, p)
}

// ValidateISCSI checks the portal, the names and the authentication of an iSCSI
// volume.
func ValidateISCSI(i ISCSI, p *field.Path) field.ErrorList {
	errs := required(i.TargetPortal, p.Child("targetPortal"))
	if i.IQN == "" {
		errs = append(errs, field.Required(p.Child("iqn"), ""))
	} else {
		errs = append(errs, validateISCSIName(i.IQN, i.UnknownName, p.Child("iqn"))...)
	}
	errs = append(errs, validateUnit(i.Lun, 0, p.Child("lun"))...)
	switch {
	case i.CHAP && !i.HasSecret:
		errs = append(errs, field.Required(p.Child("secretRef"), ""))
	case i.SecretName != nil:
		errs = append(errs, required(*i.SecretName, p.Child("secretRef", "name"))...)
	}
	if i.InitiatorName != nil {
		errs = append(errs, validateISCSIName(*i.InitiatorName, i.UnknownName, p.Child("initiatorname"))...)
	}
	return errs
}

func validateISCSIName(name, unknown string, p *field.Path) field.ErrorList {
	for _, n := range iscsiNames {
		if !strings.HasPrefix(name, n.prefix) {
			continue
		}
		if !n.form.MatchString(name) {
			return field.ErrorList{field.Invalid(p, name, "must be valid format")}
		}
		return nil
	}
	return field.ErrorList{field.Invalid(p, name, unknown)}
}
