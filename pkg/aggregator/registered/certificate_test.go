package registered

import (
	"crypto/tls"
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

func TestCertificateIsRenewed(t *testing.T) {
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	now, failing := start, false
	c := &certificate{now: func() time.Time { return now }, issue: func() (cert, key []byte, err error) {
		if failing {
			return nil, nil, errors.New("no CA")
		}
		return pki.SelfSigned("api", now, 100*time.Hour)
	}}
	var last *tls.Certificate
	for _, test := range []struct {
		name    string
		after   time.Duration
		failing bool
		renewed bool
	}{
		{"first", 0, false, true},
		{"soon", 89 * time.Hour, false, false},
		{"near the end, but the CA cannot be read", 91 * time.Hour, true, false},
		{"near the end", 91 * time.Hour, false, true},
		{"soon again", 100 * time.Hour, false, false},
	} {
		now, failing = start.Add(test.after), test.failing
		got, err := c.get(nil)
		if err != nil || (got != last) != test.renewed {
			t.Errorf("%s: renewed %v, error %v", test.name, got != last, err)
		}
		last = got
	}
	failing = true
	if got, err := (&certificate{now: c.now, issue: c.issue}).get(nil); err == nil {
		t.Errorf("got %v without a CA", got)
	}
}
