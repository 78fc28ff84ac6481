// Package webhook authenticates bearer tokens by sending TokenReviews to a
// remote service.
package webhook

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/token/cache"
	webhookutil "k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/apiserver/plugin/pkg/authenticator/token/webhook"
)

// Config configures New.
type Config struct {
	// File is a kubeconfig. Its cluster is the remote service; its user
	// contains the credentials for it.
	File string
	// Version is the version of the TokenReviews: v1 or v1beta1.
	Version string
	// CacheTTL is how long answers are cached, whether or not they accept the
	// token.
	CacheTTL time.Duration
	// Backoff determines how failed requests are repeated.
	Backoff wait.Backoff
}

// New returns the authenticator. If the service cannot be reached,
// AuthenticateToken returns an error. An answer that does not name audiences is
// taken as valid for the given ones.
func New(c Config, audiences authenticator.Audiences) (authenticator.Token, error) {
	client, err := webhookutil.LoadKubeconfig(c.File, nil)
	if err != nil {
		return nil, err
	}
	token, err := webhook.New(client, c.Version, audiences, c.Backoff)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.File, err)
	}
	return cache.New(token, false, c.CacheTTL, c.CacheTTL), nil
}
