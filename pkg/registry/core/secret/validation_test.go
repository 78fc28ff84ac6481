package secret

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func secret(kind corev1.SecretType, data ...string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s", Namespace: "n", ResourceVersion: "1"}, Type: kind, Data: map[string][]byte{}}
	for i := 0; i < len(data); i += 2 {
		s.Data[data[i]] = []byte(data[i+1])
	}
	return s
}

func TestTypes(t *testing.T) {
	account := secret(corev1.SecretTypeServiceAccountToken)
	account.Annotations = map[string]string{corev1.ServiceAccountNameKey: "sa"}
	for name, c := range map[string]struct {
		secret *corev1.Secret
		want   string
	}{
		"own type":           {secret("example.com/own", "k", ""), ""},
		"invalid key":        {secret("Opaque", "a/b", ""), `data[a/b]: Invalid value: "a/b": a valid config key must consist of`},
		"too large":          {secret("Opaque", "a", strings.Repeat("x", corev1.MaxSecretSize+1)), "data: Too long: may not be more than 1048576 bytes"},
		"service account":    {account, ""},
		"no service account": {secret(corev1.SecretTypeServiceAccountToken), "metadata.annotations[kubernetes.io/service-account.name]: Required value"},
		"dockercfg":          {secret(corev1.SecretTypeDockercfg, ".dockercfg", "{}"), ""},
		"no dockercfg":       {secret(corev1.SecretTypeDockercfg), "data[.dockercfg]: Required value"},
		"not JSON": {secret(corev1.SecretTypeDockerConfigJson, ".dockerconfigjson", "x"),
			`data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character 'x' looking for beginning of value`},
		"password only":                  {secret(corev1.SecretTypeBasicAuth, "password", ""), ""},
		"neither user name nor password": {secret(corev1.SecretTypeBasicAuth), "[data[username]: Required value, data[password]: Required value]"},
		"empty SSH key":                  {secret(corev1.SecretTypeSSHAuth, "ssh-privatekey", ""), "data[ssh-privatekey]: Required value"},
		"empty certificate":              {secret(corev1.SecretTypeTLS, "tls.crt", "", "tls.key", ""), ""},
		"no certificate":                 {secret(corev1.SecretTypeTLS), "[data[tls.crt]: Required value, data[tls.key]: Required value]"},
	} {
		got := ""
		if errs := Resource.ValidateNew(t.Context(), c.secret); len(errs) > 0 {
			got = errs.ToAggregate().Error()
		}
		if got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestUpdate(t *testing.T) {
	old := secret("Opaque", "a", "b")
	old.Immutable = ptr.To(true)
	errs := Resource.ValidateChange(t.Context(), "", secret("example.com/x", "a", "c"), old)
	const want = `[type: Invalid value: "example.com/x": field is immutable, immutable: Forbidden: ` + frozen + ", data: Forbidden: " + frozen + "]"
	if got := errs.ToAggregate().Error(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if errs := Resource.ValidateChange(t.Context(), "", old.DeepCopy(), old); len(errs) > 0 {
		t.Errorf("no change: %v", errs)
	}
}

func TestWarnings(t *testing.T) {
	if got := warnings(secret(corev1.SecretTypeTLS, "tls.crt", "x", "tls.key", "y")); len(got) != 1 ||
		got[0] != "tls: failed to find any PEM data in certificate input" {
		t.Errorf("bad certificate: %q", got)
	}
	if got := warnings(secret("Opaque", "tls.crt", "x")); got != nil {
		t.Errorf("other type: %q", got)
	}
}
