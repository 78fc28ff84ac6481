package podsecurity

import (
	"io"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	basecompatibility "k8s.io/component-base/compatibility"
)

func TestCheck(t *testing.T) {
	const config = "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\n" +
		"defaults: {enforce: baseline}\nexemptions: {usernames: [trusted]}"
	namespace := func(name, level string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"pod-security.kubernetes.io/enforce": level}}}
	}
	plain := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}}
	host := plain.DeepCopy()
	host.Spec.HostNetwork = true
	for _, test := range []struct {
		name, config, namespace, user string
		pod                           *corev1.Pod
		err                           string
	}{
		{name: "no standard", namespace: "none", pod: host},
		{name: "privileged", namespace: "privileged", pod: host},
		{name: "baseline", namespace: "baseline", pod: host,
			err: `pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)`},
		{name: "baseline, kept", namespace: "baseline", pod: plain},
		{name: "restricted", namespace: "restricted", pod: plain,
			err: `pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation`},
		{name: "configured default", config: config, namespace: "none", pod: host, err: `violates PodSecurity "baseline:latest"`},
		{name: "exempted user", config: config, namespace: "restricted", user: "trusted", pod: host},
	} {
		t.Run(test.name, func(t *testing.T) {
			var reader io.Reader
			if test.config != "" {
				reader = strings.NewReader(test.config)
			}
			made, err := newPlugin(reader)
			if err != nil {
				t.Fatal(err)
			}
			p := made.(*plugin)
			client := fake.NewClientset(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "none"}},
				namespace("privileged", "privileged"), namespace("baseline", "baseline"), namespace("restricted", "restricted"))
			factory := informers.NewSharedInformerFactory(client, 0)
			p.SetExternalKubeInformerFactory(factory)
			p.SetExternalKubeClientSet(client)
			p.InspectEffectiveVersion(basecompatibility.NewEffectiveVersionFromString("1.37", "", ""))
			if err := p.ValidateInitialization(); err != nil {
				t.Fatal(err)
			}
			factory.StartWithContext(t.Context())
			err = p.Validate(t.Context(), apiadmission.NewAttributesRecord(test.pod, nil, schema.GroupVersionKind{}, test.namespace, "p",
				corev1.SchemeGroupVersion.WithResource("pods"), "", apiadmission.Create, nil, false, &user.DefaultInfo{Name: test.user}), nil)
			if test.err == "" && err != nil || test.err != "" && (!apierrors.IsForbidden(err) || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}

func TestBadConfiguration(t *testing.T) {
	if _, err := newPlugin(strings.NewReader("apiVersion: v1\nkind: Pod")); err == nil {
		t.Error("a pod was accepted")
	}
}
