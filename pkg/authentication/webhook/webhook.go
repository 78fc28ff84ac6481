// Package webhook authenticates bearer tokens by asking a remote service with
// TokenReviews.
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

// Config says where the service is and how to ask it.
type Config struct {
	// File is a kubeconfig: its cluster is the service, its user are our
	// credentials.
	File string
	// Version is that of the TokenReview: v1 or v1beta1.
	Version string
	// CacheTTL is how long answers, good or bad, are remembered.
	CacheTTL time.Duration
	// Backoff is how an unreachable service is asked again.
	Backoff wait.Backoff
}

// New returns the authenticator. A service that cannot be reached is an error
// of the request whose token nobody else knows. The audiences are those that
// an answer without any is taken for.
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
