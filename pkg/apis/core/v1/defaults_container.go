package v1

import (
	"strings"

	"github.com/distribution/reference"
	corev1 "k8s.io/api/core/v1"
)

// SetDefaults_Container sets the pull policy of the image and the file in which
// the container stores its termination message.
func SetDefaults_Container(obj *corev1.Container) {
	setContainerDefaults(obj.Image, &obj.ImagePullPolicy, &obj.TerminationMessagePath, &obj.TerminationMessagePolicy)
}

// SetDefaults_EphemeralContainer sets the same defaults for an ephemeral
// container as SetDefaults_Container.
func SetDefaults_EphemeralContainer(obj *corev1.EphemeralContainer) {
	setContainerDefaults(obj.Image, &obj.ImagePullPolicy, &obj.TerminationMessagePath, &obj.TerminationMessagePolicy)
}

func setContainerDefaults(image string, pull *corev1.PullPolicy, path *string, policy *corev1.TerminationMessagePolicy) {
	if *pull == "" {
		*pull = corev1.PullIfNotPresent
		if isLatest(image) {
			*pull = corev1.PullAlways
		}
	}
	if *path == "" {
		*path = corev1.TerminationMessagePathDefault
	}
	if *policy == "" {
		*policy = corev1.TerminationMessageReadFile
	}
}

// isLatest reports whether the image name can refer to a new image over time:
// it has the tag "latest", or neither a tag nor a digest.
func isLatest(image string) bool {
	if tag, ok := ordinaryTag(image); ok {
		return tag == "latest"
	}
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return false
	}
	if tagged, ok := named.(reference.Tagged); ok {
		return tagged.Tag() == "latest"
	}
	_, pinned := named.(reference.Digested)
	return !pinned
}

// ordinaryTag returns the tag of an image whose name is as simple as most names are:
// small letters and digits with single separators, and a tag. The library takes many
// times as long to recognize a name.
func ordinaryTag(image string) (tag string, ok bool) {
	name, tag, ok := strings.Cut(image, ":")
	if !ok || len(name) > 128 || len(tag) == 0 || len(tag) > 128 || !isSmall(tag[0]) {
		return "", false
	}
	separated := true
	for i := range len(name) {
		small := isSmall(name[i])
		if !small && (separated || !strings.ContainsRune("/.-_", rune(name[i]))) {
			return "", false
		}
		separated = !small
	}
	for i := range len(tag) {
		if !isSmall(tag[i]) && tag[i] != '.' && tag[i] != '-' {
			return "", false
		}
	}
	return tag, !separated
}

// isSmall reports whether a character is a small letter or a digit.
func isSmall(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

// SetDefaults_Probe sets the times and thresholds of a probe.
func SetDefaults_Probe(obj *corev1.Probe) {
	for _, f := range []struct {
		value *int32
		usual int32
	}{
		{&obj.TimeoutSeconds, 1},
		{&obj.PeriodSeconds, 10},
		{&obj.SuccessThreshold, 1},
		{&obj.FailureThreshold, 3},
	} {
		if *f.value == 0 {
			*f.value = f.usual
		}
	}
}

// SetDefaults_HTTPGetAction sets the path to / and the scheme to HTTP.
func SetDefaults_HTTPGetAction(obj *corev1.HTTPGetAction) {
	if obj.Path == "" {
		obj.Path = "/"
	}
	if obj.Scheme == "" {
		obj.Scheme = corev1.URISchemeHTTP
	}
}

// SetDefaults_ObjectFieldSelector sets the API version, which determines the
// names of fields, to v1.
func SetDefaults_ObjectFieldSelector(obj *corev1.ObjectFieldSelector) {
	if obj.APIVersion == "" {
		obj.APIVersion = "v1"
	}
}

func isHugePages(name corev1.ResourceName) bool {
	return strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix)
}
