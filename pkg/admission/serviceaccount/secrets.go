package serviceaccount

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/node"
)

// enforce is the annotation of an account whose pods may use only the secrets
// that the account lists.
const enforce = "kubernetes.io/enforce-mountable-secrets"

// isMirror reports whether a kubelet has created the pod to show one that it runs
// without the API server.
func isMirror(pod *corev1.Pod) bool {
	_, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]
	return mirror
}

// checkMirror refuses what a kubelet could use to give itself access to secrets.
func checkMirror(a admission.Attributes, pod *corev1.Pod) error {
	if pod.Spec.ServiceAccountName != "" {
		return admission.Forbidden(a, "a mirror pod may not reference service accounts")
	}
	hasSecrets := false
	node.VisitReferences(pod, func(resource corev1.ResourceName, _ string) {
		hasSecrets = hasSecrets || resource == corev1.ResourceSecrets
	})
	if hasSecrets {
		return admission.Forbidden(a, "a mirror pod may not reference secrets")
	}
	for _, volume := range pod.Spec.Volumes {
		if volume.Projected != nil && slices.ContainsFunc(volume.Projected.Sources, projectsToken) {
			return admission.Forbidden(a, "a mirror pod may not use ServiceAccountToken volume projections")
		}
	}
	return nil
}

func projectsToken(source corev1.VolumeProjection) bool { return source.ServiceAccountToken != nil }

// checkSecrets refuses secrets that the account does not list, if it is one that
// restricts its pods. Secrets in projected volumes are not restricted.
func checkSecrets(a admission.Attributes, pod *corev1.Pod, account *corev1.ServiceAccount) error {
	if !restricts(account) {
		return nil
	}
	for _, volume := range pod.Spec.Volumes {
		if volume.Secret != nil && !lists(account, volume.Secret.SecretName) {
			return admission.Forbidden(a, "%w", refusal("volume with", volume.Secret.SecretName, account))
		}
	}
	for _, c := range pod.Spec.InitContainers {
		if err := checkContainer("init container "+c.Name, c.Env, c.EnvFrom, account); err != nil {
			return admission.Forbidden(a, "%w", err)
		}
	}
	for _, c := range pod.Spec.Containers {
		if err := checkContainer("container "+c.Name, c.Env, c.EnvFrom, account); err != nil {
			return admission.Forbidden(a, "%w", err)
		}
	}
	for i, secret := range pod.Spec.ImagePullSecrets {
		if !slices.Contains(account.ImagePullSecrets, secret) {
			return admission.Forbidden(a, `imagePullSecrets[%d].name="%s" is not allowed because service account %s does not reference that imagePullSecret`,
				i, secret.Name, account.Name)
		}
	}
	return nil
}

// checkEphemeral is checkSecrets for the ephemeral containers. As with
// kube-apiserver, its error is answered with 500.
func checkEphemeral(pod *corev1.Pod, account *corev1.ServiceAccount) error {
	if !restricts(account) {
		return nil
	}
	for _, c := range pod.Spec.EphemeralContainers {
		if err := checkContainer("ephemeral container "+c.Name, c.Env, c.EnvFrom, account); err != nil {
			return err
		}
	}
	return nil
}

// checkContainer checks the environment of a container. what is what to call it.
func checkContainer(what string, env []corev1.EnvVar, from []corev1.EnvFromSource, account *corev1.ServiceAccount) error {
	for _, variable := range env {
		if source := variable.ValueFrom; source != nil && source.SecretKeyRef != nil && !lists(account, source.SecretKeyRef.Name) {
			return refusal(fmt.Sprintf("%s with envVar %s referencing", what, variable.Name), source.SecretKeyRef.Name, account)
		}
	}
	for _, source := range from {
		if source.SecretRef != nil && !lists(account, source.SecretRef.Name) {
			return refusal(what+" with envFrom referencing", source.SecretRef.Name, account)
		}
	}
	return nil
}

// refusal returns the error for a use of a secret, which what describes.
func refusal(what, secret string, account *corev1.ServiceAccount) error {
	return fmt.Errorf(`%s secret.secretName="%s" is not allowed because service account %s does not reference that secret`, what, secret, account.Name)
}

func restricts(account *corev1.ServiceAccount) bool {
	on, err := strconv.ParseBool(account.Annotations[enforce])
	return on && err == nil
}

func lists(account *corev1.ServiceAccount, secret string) bool {
	return slices.ContainsFunc(account.Secrets, func(r corev1.ObjectReference) bool { return r.Name == secret })
}
