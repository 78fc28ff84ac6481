package authentication

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"testing"
	"time"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	clocktesting "k8s.io/utils/clock/testing"
)

// changingCA are authorities that a test replaces.
type changingCA struct {
	dynamiccertificates.CAContentProvider
	content string
}

func (c *changingCA) CurrentCABundleContent() []byte { return []byte(c.content) }

// TestCertificatesAreRemembered counts how often certificates are verified.
func TestCertificatesAreRemembered(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := clocktesting.NewFakePassiveClock(now)
	ca, calls := &changingCA{content: "first"}, 0
	var refuse error
	methods := rememberCertificates(authenticator.RequestFunc(func(*http.Request) (*authenticator.Response, bool, error) {
		calls++
		return &authenticator.Response{User: &user.DefaultInfo{Name: "ann"}}, refuse == nil, refuse
	}), ca, clock)
	with := func(c *x509.Certificate) *http.Request {
		return &http.Request{TLS: &tls.ConnectionState{PeerCertificates: []*x509.Certificate{c}}}
	}
	long, short := &x509.Certificate{NotAfter: now.Add(time.Hour)}, &x509.Certificate{NotAfter: now.Add(3 * time.Second)}
	for _, step := range []struct {
		name     string
		prepare  func()
		request  *http.Request
		accepted bool
		verified bool
	}{
		{name: "without TLS", request: &http.Request{}},
		{name: "without a certificate", request: &http.Request{TLS: &tls.ConnectionState{}}},
		{name: "first request", request: with(long), accepted: true, verified: true},
		{name: "second request", request: with(long), accepted: true},
		{name: "another connection", request: with(short), accepted: true, verified: true},
		{name: "before the certificate ends", prepare: func() { clock.SetTime(now.Add(2 * time.Second)) }, request: with(short), accepted: true},
		{name: "after the certificate has ended", prepare: func() { clock.SetTime(now.Add(4 * time.Second)) },
			request: with(short), accepted: true, verified: true},
		{name: "other authorities", prepare: func() { ca.content = "second" }, request: with(long), accepted: true, verified: true},
		{name: "same authorities", request: with(long), accepted: true},
		{name: "after a while", prepare: func() { clock.SetTime(now.Add(15 * time.Second)); refuse = errors.New("revoked") }, request: with(long), verified: true},
		{name: "a refusal is not remembered", request: with(long), verified: true},
	} {
		t.Run(step.name, func(t *testing.T) {
			if step.prepare != nil {
				step.prepare()
			}
			before := calls
			response, accepted, err := methods.AuthenticateRequest(step.request)
			if accepted != step.accepted || accepted && (err != nil || response.User.GetName() != "ann") {
				t.Errorf("%v, %v, %v", response, accepted, err)
			}
			if accepted && len(response.Audiences) > 0 {
				t.Error("the response is one that an earlier caller has changed")
			} else if accepted {
				response.Audiences = authenticator.Audiences{"changed"}
			}
			if got := calls > before; got != step.verified {
				t.Errorf("verified: %v, want %v", got, step.verified)
			}
		})
	}
}
