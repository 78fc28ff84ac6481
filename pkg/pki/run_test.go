package pki

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"
)

// TestRun moves the clock of a running server.
func TestRun(t *testing.T) {
	p := ensure(t, t.TempDir(), now, "localhost")
	clock, renewed, stopped := clocktesting.NewFakeClock(now), make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(stopped)
		p.Run(ctx, clock, func() error { renewed <- struct{}{}; return nil })
	}()
	for !clock.HasWaiters() {
		time.Sleep(time.Millisecond)
	}
	ca, admin, serving, client := read(t, p.CA.CertFile), read(t, p.Admin.CertFile), read(t, p.Serving.CertFile), read(t, p.FrontProxyClient.CertFile)
	clock.Step(leafValidity - leafValidity/lastPart + checkInterval)
	<-renewed
	if read(t, p.Admin.CertFile) == admin || read(t, p.Serving.CertFile) == serving || read(t, p.FrontProxyClient.CertFile) == client {
		t.Error("not all certificates are renewed")
	}
	if read(t, p.CA.CertFile) != ca {
		t.Error("the CA was renewed with its leaves")
	}
	clock.Step(caValidity)
	<-renewed
	if read(t, p.CA.CertFile) == ca {
		t.Error("the CA is not renewed")
	}
	cancel()
	<-stopped
}

// TestRunFails checks that a renewal while the server runs does not make a new
// identity, and that a failed one leaves the certificates as they are.
func TestRunFails(t *testing.T) {
	later := now.Add(leafValidity)
	full := errors.New("no space left on device")
	for _, test := range []struct {
		name   string
		damage func(p *PKI) error
	}{
		{"CA deleted", func(p *PKI) error { return errors.Join(os.Remove(p.CA.CertFile), os.Remove(p.CA.KeyFile)) }},
		{"certificate deleted", func(p *PKI) error { return os.Remove(p.CA.CertFile) }},
		{"directory deleted", func(p *PKI) error { return os.RemoveAll(p.dir) }},
		{"disk full", func(p *PKI) error {
			p.write = func(string, []byte) error { return full }
			return nil
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir() + "/pki"
			p := ensure(t, dir, now, "localhost")
			if err := test.damage(p); err != nil {
				t.Fatal(err)
			}
			var before map[string]string
			if _, err := os.Stat(dir); err == nil {
				before = snapshot(t, dir)
			}
			if _, err := p.renew(later); err == nil {
				t.Error("no error")
			}
			for name, content := range before {
				if read(t, dir+"/"+name) != content {
					t.Errorf("%s was written", name)
				}
			}
			if _, err := os.Stat(p.CA.KeyFile); before["ca.key"] == "" && err == nil {
				t.Error("there is a new CA")
			}
		})
	}
}
