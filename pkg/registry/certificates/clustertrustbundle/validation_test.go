package clustertrustbundle

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// certificate returns a new certificate in PEM.
func certificate(t *testing.T, isCA bool) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: isCA, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func bundle(name, signer, trustBundle string) object {
	return &certificatesv1.ClusterTrustBundle{
		ObjectMeta: metav1.ObjectMeta{Name: name, ResourceVersion: "1"},
		Spec:       certificatesv1.ClusterTrustBundleSpec{SignerName: signer, TrustBundle: trustBundle},
	}
}

func check(t *testing.T, errs field.ErrorList, want ...string) {
	t.Helper()
	ok := len(errs) == len(want)
	for i := range min(len(errs), len(want)) {
		ok = ok && strings.HasPrefix(errs[i].Error(), want[i])
	}
	if !ok {
		t.Errorf("got %v, want %q", errs, want)
	}
}

func TestTrustBundle(t *testing.T) {
	a, b, leaf := certificate(t, true), certificate(t, true), certificate(t, false)
	const junk = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n"
	const path = `spec.trustBundle: Invalid value: "<value omitted>": `
	for name, c := range map[string]struct {
		pem  string
		want []string
	}{
		"two with text":  {"x\n" + a + "y\n" + b + "z", nil},
		"empty":          {"", []string{path + "at least one trust anchor must be provided"}},
		"no PEM":         {"x", []string{path + "at least one trust anchor must be provided"}},
		"duplicates":     {a + b + b + a + a, []string{path + "duplicate trust anchor (indices [0 3 4])", path + "duplicate trust anchor (indices [1 2])"}},
		"not of a CA":    {a + leaf, []string{path + "entry 1 does not have the CA bit set"}},
		"other block":    {a + strings.ReplaceAll(a, "CERTIFICATE", "KEY"), []string{path + "entry 1 has bad block type: KEY"}},
		"headers":        {strings.Replace(a, "-----\n", "-----\nA: b\n\n", 1), []string{path + "entry 0 has PEM block headers"}},
		"all are named":  {junk + leaf + a + a, []string{path + "entry 0 does not parse as X.509", path + "entry 1 does not have the CA bit set"}},
		"longest":        {a + strings.Repeat("\n", maxTrustBundle-len(a)), nil},
		"one byte above": {a + strings.Repeat("\n", maxTrustBundle-len(a)+1), []string{"spec.trustBundle: Too long: may not be more than 1048576 bytes"}},
	} {
		t.Run(name, func(t *testing.T) { check(t, Resource.ValidateNew(t.Context(), bundle("b", "", c.pem)), c.want...) })
	}
}

func TestName(t *testing.T) {
	ca := certificate(t, true)
	const subdomain = "a lowercase RFC 1123 subdomain must consist of"
	for _, c := range []struct {
		name, signer string
		want         []string
	}{
		{"a.b", "", nil},
		{"a:b", "", []string{`ClusterTrustBundle without signer name must not have ":" in its name`}},
		{"A", "", []string{subdomain}},
		{"a.b:c:x.y", "a.b/c", nil},
		{"kubernetes.io:legacy-unknown:x", "kubernetes.io/legacy-unknown", nil},
		{"a.b:c", "a.b/c", []string{"ClusterTrustBundle for signerName a.b/c must be named with prefix a.b:c:"}},
		{"a.b:c:", "a.b/c", []string{subdomain}},
		{"a.b:c:x:y", "a.b/c", []string{subdomain}},
	} {
		var want []string
		for _, complaint := range c.want {
			want = append(want, fmt.Sprintf("metadata.name: Invalid value: %q: %s", c.name, complaint))
		}
		t.Run(c.name, func(t *testing.T) { check(t, Resource.ValidateNew(t.Context(), bundle(c.name, c.signer, ca)), want...) })
	}
	check(t, Resource.ValidateNew(t.Context(), bundle("b", "bad", "")),
		`metadata.name: Invalid value: "b": ClusterTrustBundle for signerName bad must be named with prefix bad:`,
		`spec.signerName: Invalid value: "bad": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
		`spec.trustBundle: Invalid value: "<value omitted>": at least one trust anchor must be provided`)
}

func TestUpdate(t *testing.T) {
	a, b := certificate(t, true), certificate(t, true)
	for name, c := range map[string]struct {
		change func(object)
		want   []string
	}{
		"another bundle": {func(o object) { o.Spec.TrustBundle = b }, nil},
		"a bad bundle":   {func(o object) { o.Spec.TrustBundle = "" }, []string{"spec.trustBundle: Invalid value"}},
		"no signer": {func(o object) { o.Spec.SignerName = "" },
			[]string{"metadata.name: Invalid value", `spec.signerName: Invalid value: "": field is immutable`}},
		"finalizer": {func(o object) { o.Finalizers = []string{"abc"} }, []string{"metadata.finalizers[0]: Invalid value", "metadata.finalizers[0]: Invalid value"}},
		"label": {func(o object) { o.Labels = map[string]string{"a b": ""} },
			[]string{"metadata.labels: Invalid value", "metadata.labels: Invalid value"}},
	} {
		t.Run(name, func(t *testing.T) {
			old := bundle("a.b:c:x", "a.b/c", a)
			changed := old.DeepCopy()
			c.change(changed)
			check(t, Resource.ValidateChange(t.Context(), "", changed, old), c.want...)
		})
	}
}
