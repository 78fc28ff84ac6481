package validation

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
)

var protocols = []corev1.Protocol{corev1.ProtocolSCTP, corev1.ProtocolTCP, corev1.ProtocolUDP}

// ValidateProtocol checks that the protocol is TCP, UDP or SCTP.
func ValidateProtocol(protocol corev1.Protocol, p *field.Path) field.ErrorList {
	if slices.Contains(protocols, protocol) {
		return nil
	}
	return field.ErrorList{field.NotSupported(p, protocol, protocols)}
}

// ValidateRequiredProtocol is like ValidateProtocol, but also returns an error
// if the protocol is empty.
func ValidateRequiredProtocol(protocol corev1.Protocol, p *field.Path) field.ErrorList {
	if protocol == "" {
		return field.ErrorList{field.Required(p, "")}
	}
	return ValidateProtocol(protocol, p)
}

// ValidatePortNumber checks that the port is between 1 and 65535.
func ValidatePortNumber(port int32, p *field.Path) field.ErrorList {
	return invalidForEach(p, port, utilvalidation.IsValidPortNum(int(port)))
}

// ValidatePortName checks that the value is valid as name of a container port.
func ValidatePortName(name string, p *field.Path) field.ErrorList {
	return invalidForEach(p, name, utilvalidation.IsValidPortName(name))
}

// ValidateNonSpecialIP checks that the address can be that of another host. It
// refuses loopback and link-local addresses: forwarding traffic to them would
// let clients reach services of a node that trust all local clients.
func ValidateNonSpecialIP(address string, p *field.Path) field.ErrorList {
	ip := netutils.ParseIPSloppy(address)
	if ip == nil {
		return field.ErrorList{field.Invalid(p, address, "must be a valid IP address")}
	}
	var complaints []string
	if ip.IsUnspecified() {
		complaints = append(complaints, "may not be unspecified (0.0.0.0 or ::)")
	}
	if ip.IsLoopback() {
		complaints = append(complaints, "may not be in the loopback range (127.0.0.0/8, ::1/128)")
	}
	if ip.IsLinkLocalUnicast() {
		complaints = append(complaints, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
	}
	if ip.IsLinkLocalMulticast() {
		complaints = append(complaints, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")
	}
	return invalidForEach(p, address, complaints)
}
