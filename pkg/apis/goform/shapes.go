package goform

import (
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// member is a field of a struct as it is encoded.
type member struct {
	name     string
	value    reflect.Value
	embedded bool
}

// shapeOf returns the fields of a struct in the order in which they are
// encoded.
func shapeOf(v reflect.Value) []member {
	if spec, ok := v.Interface().(corev1.PodSpec); ok {
		return podSpec(spec)
	}
	return declared(v)
}

// declared returns the fields of a struct in the order of their declaration.
func declared(v reflect.Value) []member {
	t := v.Type()
	out := make([]member, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		if f.IsExported() && !(v.Field(i).IsZero() && isNew(t.Name(), f.Name)) {
			out = append(out, member{f.Name, v.Field(i), f.Anonymous})
		}
	}
	return moved(t.Name(), out)
}

// moves are the fields that are elsewhere in the internal type, by structure:
// the name of the field and that of the one before it.
var moves = map[string][]struct{ name, after string }{
	"VolumeSource":           {{"Quobyte", "RBD"}},
	"PersistentVolumeSource": {{"Quobyte", "RBD"}, {"FlexVolume", "ISCSI"}},
	"PodSecurityContext":     {{"FSGroupChangePolicy", "FSGroup"}},
}

// moved puts fields at their positions in the internal type.
func moved(structure string, members []member) []member {
	at := func(name string) int {
		return slices.IndexFunc(members, func(m member) bool { return m.name == name })
	}
	for _, move := range moves[structure] {
		from := at(move.name)
		m := members[from]
		members = slices.Delete(members, from, from+1)
		members = slices.Insert(members, at(move.after)+1, m)
	}
	return members
}

// isNew reports whether the field belongs to a feature that is disabled by
// default. Such a field is omitted if it is not set, so that the messages that
// clients know do not change as long as nobody uses the feature.
func isNew(structure, name string) bool {
	switch structure + "." + name {
	case "EmptyDirVolumeSource.Mode", "VolumeMount.BindMountOptions", "HTTPGetAction.Protocol", "GRPCAction.Mode",
		"ExactDeviceRequest.DerivedAttributes", "DeviceSubRequest.DerivedAttributes", "DeviceRequestAllocationResult.SkipNodeOperations",
		"ResourcePoolStatusRequestSpec.DefaultPartitionTypeAttribute", "PoolStatus.PartitionSummary", "PoolStatus.ShareableSummary",
		"PersistentVolumeClaimStatus.HealthStatus":
		return true
	}
	switch name {
	case "User", "DefaultUser": // the owner of files in a volume
		switch structure {
		case "KeyToPath", "DownwardAPIVolumeFile", "SecretVolumeSource", "ConfigMapVolumeSource", "DownwardAPIVolumeSource",
			"ProjectedVolumeSource", "ServiceAccountTokenProjection", "ClusterTrustBundleProjection", "PodCertificateProjection":
			return true
		}
	}
	return false
}

// podSecurity is the security context of a pod in the internal type, which also
// contains the host namespaces.
type podSecurity struct {
	HostNetwork           bool
	HostPID               bool
	HostIPC               bool
	ShareProcessNamespace *bool
	HostUsers             *bool
	corev1.PodSecurityContext
}

// podSpecFields are the fields of a pod spec in the order of the internal type.
var podSpecFields = [...]string{
	"Volumes", "InitContainers", "Containers", "EphemeralContainers", "RestartPolicy", "TerminationGracePeriodSeconds",
	"ActiveDeadlineSeconds", "DNSPolicy", "NodeSelector", "ServiceAccountName", "AutomountServiceAccountToken", "NodeName",
	"SecurityContext", "ImagePullSecrets", "Hostname", "Subdomain", "SetHostnameAsFQDN", "Affinity", "SchedulerName",
	"Tolerations", "HostAliases", "PriorityClassName", "Priority", "PreemptionPolicy", "DNSConfig", "ReadinessGates",
	"RuntimeClassName", "Overhead", "EnableServiceLinks", "TopologySpreadConstraints", "OS", "SchedulingGates",
	"ResourceClaims", "Resources", "HostnameOverride", "SchedulingGroup",
}

func podSpec(spec corev1.PodSpec) []member {
	security := podSecurity{
		HostNetwork: spec.HostNetwork, HostPID: spec.HostPID, HostIPC: spec.HostIPC,
		ShareProcessNamespace: spec.ShareProcessNamespace, HostUsers: spec.HostUsers,
	}
	if spec.SecurityContext != nil {
		security.PodSecurityContext = *spec.SecurityContext
	}
	v := reflect.ValueOf(spec)
	out := make([]member, 0, len(podSpecFields))
	for _, name := range podSpecFields {
		value := v.FieldByName(name)
		if name == "SecurityContext" {
			value = reflect.ValueOf(security)
		}
		out = append(out, member{name: name, value: value})
	}
	return out
}
