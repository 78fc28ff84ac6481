package serviceaccount

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

func account(name string, change ...func(*corev1.ServiceAccount)) *corev1.ServiceAccount {
	a := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}}
	for _, c := range change {
		c(a)
	}
	return a
}

// strict is an account whose pods may use the secret "mine" and pull with "pull".
func strict() *corev1.ServiceAccount {
	return account("strict", func(a *corev1.ServiceAccount) {
		a.Annotations = map[string]string{enforce: "true"}
		a.Secrets = []corev1.ObjectReference{{Name: "mine"}}
		a.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "pull"}}
	})
}

// start returns the plugin in a namespace with the accounts, and a client with
// more accounts that the informers do not know.
func start(ctx context.Context, t *testing.T, known ...runtime.Object) (*plugin, *fake.Clientset) {
	t.Helper()
	factory := informers.NewSharedInformerFactory(fake.NewClientset(known...), 0)
	p, live := newPlugin(), fake.NewClientset()
	p.SetExternalKubeClientSet(live)
	p.SetExternalKubeInformerFactory(factory)
	factory.StartWithContext(ctx)
	factory.WaitForCacheSync(ctx.Done())
	return p, live
}

func podFrom(t *testing.T, spec string) *corev1.Pod {
	t.Helper()
	pod := &corev1.Pod{}
	if strings.HasPrefix(spec, "mirror ") {
		pod.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"}
	}
	testutil.Check(t, json.Unmarshal([]byte(strings.TrimPrefix(spec, "mirror ")), &pod.Spec))
	return pod
}

func attributes(pod *corev1.Pod, subresource string, operation admission.Operation) admission.Attributes {
	return apiadmission.NewAttributesRecord(pod, pod, schema.GroupVersionKind{}, "ns", "p",
		corev1.SchemeGroupVersion.WithResource("pods"), subresource, operation, nil, false, nil)
}

// show describes what the plugin sets: the account, the pull secrets, the volumes,
// and the volumes that each container mounts.
func show(pod *corev1.Pod, generated string) string {
	words := []string{pod.Spec.ServiceAccountName}
	for _, s := range pod.Spec.ImagePullSecrets {
		words = append(words, "pull:"+s.Name)
	}
	for _, v := range pod.Spec.Volumes {
		words = append(words, "volume:"+v.Name)
	}
	for _, c := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
		for _, m := range c.VolumeMounts {
			words = append(words, c.Name+":"+m.Name)
		}
	}
	return strings.ReplaceAll(strings.Join(words, " "), generated, "TOKEN")
}

func TestPrepare(t *testing.T) {
	const two = `"initContainers":[{"name":"i"}],"containers":[{"name":"c"}]`
	p, _ := start(t.Context(), t, account("default"),
		account("silent", func(a *corev1.ServiceAccount) { a.AutomountServiceAccountToken = ptr.To(false) }),
		account("pulls", func(a *corev1.ServiceAccount) {
			a.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "a"}, {Name: "b"}}
		}))
	for _, test := range []struct{ name, spec, want string }{
		{"no account", `{` + two + `}`, "default volume:TOKEN i:TOKEN c:TOKEN"},
		{"pull secrets of the account", `{"serviceAccountName":"pulls"}`, "pulls pull:a pull:b"},
		{"pull secrets of the pod", `{"serviceAccountName":"pulls","imagePullSecrets":[{"name":"own"}]}`, "pulls pull:own"},
		{"the account wants no token", `{"serviceAccountName":"silent",` + two + `}`, "silent"},
		{"the account wants none, the pod does", `{"serviceAccountName":"silent","automountServiceAccountToken":true,` + two + `}`,
			"silent volume:TOKEN i:TOKEN c:TOKEN"},
		{"the pod wants none", `{"automountServiceAccountToken":false,` + two + `}`, "default"},
		{"one container has something at the path", `{"initContainers":[{"name":"i"}],"containers":[{"name":"c","volumeMounts":[{"name":"e","mountPath":"` +
			mountPath + `"}]}]}`, "default volume:TOKEN i:TOKEN c:e"},
		{"all containers have something at the path", `{"containers":[{"name":"c","volumeMounts":[{"name":"e","mountPath":"` + mountPath + `"}]}]}`, "default c:e"},
		{"the volume exists", `{"volumes":[{"name":"kube-api-access-mine"}],` + two + `}`,
			"default volume:kube-api-access-mine i:kube-api-access-mine c:kube-api-access-mine"},
		{"mirror pod", `mirror {` + two + `}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			pod := podFrom(t, test.spec)
			for range 2 { // webhooks may have the plugin called again
				testutil.Check(t, p.Admit(t.Context(), attributes(pod, "", admission.Create), nil))
				generated := "no such name"
				for _, v := range pod.Spec.Volumes {
					if v.Projected != nil {
						generated = v.Name
					}
				}
				if got := show(pod, generated); got != test.want {
					t.Errorf("%s, want %s", got, test.want)
				}
			}
			if pod.Spec.ServiceAccountName == standard && pod.Spec.DeprecatedServiceAccount != standard {
				t.Errorf("the old field for the account is %q", pod.Spec.DeprecatedServiceAccount)
			}
		})
	}
}

func TestTokenVolume(t *testing.T) {
	got, err := json.Marshal(tokenVolume("v"))
	testutil.Check(t, err)
	const want = `{"name":"v","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},` +
		`{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},` +
		`{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"}}]}}],"defaultMode":420}}`
	if string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestRefusals(t *testing.T) {
	p, _ := start(t.Context(), t, account("default"), strict(),
		account("lax", func(a *corev1.ServiceAccount) { a.Annotations = map[string]string{enforce: "yes"} }))
	const (
		secretVolume = `"volumes":[{"name":"v","secret":{"secretName":"other"}}]`
		env          = `"env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"other"}}}]`
		from         = `"envFrom":[{"secretRef":{"name":"other"}}]`
		not          = ` is not allowed because service account strict does not reference that secret`
	)
	for _, test := range []struct{ name, spec, want string }{
		{"unknown account", `{"serviceAccountName":"gone"}`, `error looking up service account ns/gone: serviceaccount "gone" not found`},
		{"mirror pod with an account", `mirror {"serviceAccountName":"gone"}`, "a mirror pod may not reference service accounts"},
		{"mirror pod with a secret", `mirror {"imagePullSecrets":[{"name":"s"}]}`, "a mirror pod may not reference secrets"},
		{"mirror pod with a token", `mirror {"volumes":[{"name":"v","projected":{"sources":[{"serviceAccountToken":{}}]}}]}`,
			"a mirror pod may not use ServiceAccountToken volume projections"},
		{"mirror pod with a config map", `mirror {"volumes":[{"name":"v","configMap":{"name":"c"}}]}`, ""},
		{"volume", `{"serviceAccountName":"strict",` + secretVolume + `}`, `volume with secret.secretName="other"` + not},
		{"volume of another account", `{"serviceAccountName":"lax",` + secretVolume + `}`, ""},
		{"environment", `{"serviceAccountName":"strict","containers":[{"name":"c",` + env + `}]}`,
			`container c with envVar A referencing secret.secretName="other"` + not},
		{"environment from a secret", `{"serviceAccountName":"strict","containers":[{"name":"c",` + from + `}]}`,
			`container c with envFrom referencing secret.secretName="other"` + not},
		{"init container", `{"serviceAccountName":"strict","initContainers":[{"name":"i",` + env + `}]}`,
			`init container i with envVar A referencing secret.secretName="other"` + not},
		{"image pull secret", `{"serviceAccountName":"strict","imagePullSecrets":[{"name":"pull"},{"name":"mine"}]}`,
			`imagePullSecrets[1].name="mine" is not allowed because service account strict does not reference that imagePullSecret`},
		{"what the account lists", `{"serviceAccountName":"strict","volumes":[{"name":"v","secret":{"secretName":"mine"}}]}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := attributes(podFrom(t, test.spec), "", admission.Create)
			want := "<nil>"
			if test.want != "" {
				want = `pods "p" is forbidden: ` + test.want
			}
			if got := fmt.Sprint(p.Validate(t.Context(), a, nil)); got != want {
				t.Errorf("validating: %s, want %s", got, want)
			}
			if got := fmt.Sprint(p.Admit(t.Context(), a, nil)); got != want {
				t.Errorf("mutating: %s, want %s", got, want)
			}
		})
	}
}

func TestEphemeralContainers(t *testing.T) {
	p, _ := start(t.Context(), t, strict())
	for _, test := range []struct{ name, spec, want string }{
		{"harmless", `{"serviceAccountName":"strict","ephemeralContainers":[{"name":"e"}]}`, "<nil>"},
		{"secret", `{"serviceAccountName":"strict","ephemeralContainers":[{"name":"e","envFrom":[{"secretRef":{"name":"other"}}]}]}`,
			`ephemeral container e with envFrom referencing secret.secretName="other" is not allowed because service account strict does not reference that secret`},
		{"the account is gone", `{"serviceAccountName":"gone"}`, `pods "p" is forbidden: error looking up service account ns/gone: serviceaccount "gone" not found`},
		{"mirror pod", `mirror {}`, "<nil>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := fmt.Sprint(p.Validate(t.Context(), attributes(podFrom(t, test.spec), "ephemeralcontainers", admission.Update), nil)); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// TestNewAccount looks for accounts that the informer does not know.
func TestNewAccount(t *testing.T) {
	for _, test := range []struct {
		name, account string
		after         time.Duration // until the account exists
		found         bool
	}{
		{"an account that exists already", "mine", 0, true},
		{"an account that comes later", "mine", time.Millisecond, false},
		{"the default account comes later", "default", 900 * time.Millisecond, true},
		{"the default account does not come in time", "default", 2 * time.Second, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				p, live := start(ctx, t)
				create := func() { testutil.Check(t, live.Tracker().Add(account(test.account))) }
				if test.after == 0 {
					create()
				} else {
					time.AfterFunc(test.after, create)
				}
				err := p.Admit(ctx, attributes(podFrom(t, `{"serviceAccountName":"`+test.account+`"}`), "", admission.Create), nil)
				if (err == nil) != test.found {
					t.Errorf("error %v, want one: %v", err, !test.found)
				}
				time.Sleep(3 * time.Second)
			})
		})
	}
}
