// Package tokenfile authenticates the bearer tokens of a CSV file, and reloads
// the file when it changes.
package tokenfile

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/token/tokenfile"

	"github.com/gatehouse-k8s/gatehouse/pkg/filewatch"
)

// Authenticator authenticates the tokens of a file.
type Authenticator struct {
	file    string
	content []byte
	tokens  atomic.Pointer[tokenfile.TokenAuthenticator]
}

var _ authenticator.Token = (*Authenticator)(nil)

// New reads the file. Each line contains a token, a user name, a user UID and,
// optionally, a quoted list of groups, separated by commas.
func New(file string) (*Authenticator, error) {
	a := &Authenticator{file: file}
	var err error
	if a.content, err = os.ReadFile(file); err != nil {
		return nil, err
	}
	return a, a.load()
}

func (a *Authenticator) load() error {
	tokens, err := tokenfile.NewCSV(a.file)
	if err != nil {
		return fmt.Errorf("%s: %w", a.file, err)
	}
	a.tokens.Store(tokens)
	return nil
}

// Run reloads the file when it changes, until the context ends. If the new
// content is invalid, the old tokens stay in effect.
func (a *Authenticator) Run(ctx context.Context) {
	filewatch.Watch(ctx, a.file, a.content, func([]byte) {
		if err := a.load(); err != nil {
			utilruntime.HandleErrorWithContext(ctx, err, "Failed to reload the static tokens, the previous ones stay in effect")
		}
	})
}

// AuthenticateToken implements authenticator.Token.
func (a *Authenticator) AuthenticateToken(ctx context.Context, token string) (*authenticator.Response, bool, error) {
	return a.tokens.Load().AuthenticateToken(ctx, token)
}
