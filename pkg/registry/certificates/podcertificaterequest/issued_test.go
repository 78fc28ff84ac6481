package podcertificaterequest

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// issue answers a request with a certificate for a key.
func issue(t *testing.T, r object, key crypto.Signer, from time.Time, lifetime time.Duration) {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: from.Add(lifetime)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	testutil.Check(t, err)
	s := &r.Status
	s.CertificateChain = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	s.NotBefore, s.NotAfter = ptr.To(metav1.NewTime(from)), ptr.To(metav1.NewTime(from.Add(lifetime)))
	s.BeginRefreshAt = ptr.To(metav1.NewTime(from.Add(lifetime / 2)))
	s.Conditions = []metav1.Condition{{Type: "Issued", Status: "True", Reason: "R", LastTransitionTime: metav1.NewTime(from)}}
}

func TestIssued(t *testing.T) {
	key, other := newECDSA(t, elliptic.P256()), newECDSA(t, elliptic.P256())
	now := time.Now().Truncate(time.Second)
	const day, junk = 24 * time.Hour, "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n"
	for name, c := range map[string]struct {
		key      crypto.Signer
		from     time.Time
		lifetime time.Duration
		change   func(object)
		want     string
	}{
		"good": {key, now, day, func(object) {}, ""},
		"with text and an intermediate": {key, now, day,
			func(r object) {
				r.Status.CertificateChain = "x\n" + r.Status.CertificateChain + r.Status.CertificateChain
			}, ""},
		"of another key": {other, now, day, func(object) {}, "leaf certificate was not issued to the requested public key"},
		"no chain": {key, now, day, func(r object) { r.Status.CertificateChain = "x" },
			`status.certificateChain: Invalid value: "x": issued certificate chain must contain at least one certificate`},
		"no certificate": {key, now, day, func(r object) { r.Status.CertificateChain = junk }, "leaf certificate does not parse as valid X.509"},
		"no CERTIFICATE": {key, now, day, func(r object) { r.Status.CertificateChain = strings.ReplaceAll(junk, "CERTIFICATE", "X") },
			"issued certificate chain must consist entirely of CERTIFICATE PEM blocks"},
		"junk behind":  {key, now, day, func(r object) { r.Status.CertificateChain += junk }, "intermediate certificate does not parse as valid X.509"},
		"a key behind": {key, now, day, func(r object) { r.Status.CertificateChain += strings.ReplaceAll(junk, "CERTIFICATE", "KEY") }, "CERTFICATE PEM blocks"},
		"long chain":   {key, now, day, func(r object) { r.Status.CertificateChain = strings.Repeat("x", maxChain+1) }, "may not be more than 102400 bytes"},
		"no begin":     {key, now, day, func(r object) { r.Status.NotBefore = nil }, "status.notBefore: Required value"},
		"no end":       {key, now, day, func(r object) { r.Status.NotAfter = nil }, "status.notAfter: Required value"},
		"no refresh":   {key, now, day, func(r object) { r.Status.BeginRefreshAt = nil }, "status.beginRefreshAt: Required value"},
		"another begin": {key, now, day, func(r object) { r.Status.NotBefore = r.Status.NotAfter },
			"must be set to the NotBefore time encoded in the leaf certificate"},
		"another end": {key, now, day, func(r object) { r.Status.NotAfter = r.Status.NotBefore },
			"must be set to the NotAfter time encoded in the leaf certificate"},
		"old":     {key, now.Add(-time.Hour), day, func(object) {}, "must be set to within 5 minutes of kube-apiserver's current time"},
		"not yet": {key, now.Add(time.Hour), day, func(object) {}, "must be set to within 5 minutes of kube-apiserver's current time"},
		"an hour": {key, now, time.Hour, func(object) {}, ""},
		"short": {key, now, time.Hour - time.Second, func(object) {},
			"status.certificateChain: Invalid value: 3599000000000: leaf certificate lifetime must be >= 1 hour"},
		"long": {key, now, day + time.Second, func(object) {},
			"status.certificateChain: Invalid value: 86401000000000: leaf certificate lifetime must be <= spec.maxExpirationSeconds (86400)"},
		"early refresh": {key, now, day, func(r object) {
			r.Status.BeginRefreshAt = ptr.To(metav1.NewTime(now.Add(10*time.Minute - time.Second)))
		},
			"must be at least 10 minutes after status.notBefore"},
		"late refresh": {key, now, day, func(r object) {
			r.Status.BeginRefreshAt = ptr.To(metav1.NewTime(now.Add(day - 10*time.Minute + time.Second)))
		},
			"must be at least 10 minutes before status.notAfter"},
		"changed later": {key, now, day, func(r object) { r.Status.Conditions[0].Reason = "" }, "status.conditions[0].reason: Required value"},
	} {
		t.Run(name, func(t *testing.T) {
			old := newRequest(t, key)
			r := old.DeepCopy()
			issue(t, r, c.key, c.from, c.lifetime)
			c.change(r)
			check(t, Resource.ValidateChange(t.Context(), "status", r, old), c.want)
		})
	}
}

// TestAnsweredOnce checks that an answer does not change.
func TestAnsweredOnce(t *testing.T) {
	key := newECDSA(t, elliptic.P256())
	old := newRequest(t, key)
	issue(t, old, key, time.Now().Add(-time.Hour), time.Hour)
	check(t, Resource.ValidateChange(t.Context(), "status", old.DeepCopy(), old), "")
	changed := old.DeepCopy()
	changed.Status.Conditions[0].Message = "other"
	check(t, Resource.ValidateChange(t.Context(), "status", changed, old),
		"status: Invalid value: immutable after PodCertificateRequest is issued, denied, or failed")
}
