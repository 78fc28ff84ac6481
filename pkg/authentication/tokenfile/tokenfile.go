// Package tokenfile authenticates the bearer tokens of a CSV file, and follows
// changes of the file.
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

// Authenticator knows the tokens of a file.
type Authenticator struct {
	file    string
	content []byte
	tokens  atomic.Pointer[tokenfile.TokenAuthenticator]
}

var _ authenticator.Token = (*Authenticator)(nil)

// New reads the file: a line has token, user name, user UID and, optionally,
// quoted groups with commas between them.
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

// Run follows the file until the context ends. A file with a mistake changes
// nothing.
func (a *Authenticator) Run(ctx context.Context) {
	filewatch.Watch(ctx, a.file, a.content, func([]byte) {
		if err := a.load(); err != nil {
			utilruntime.HandleErrorWithContext(ctx, err, "The static tokens stay as they were")
		}
	})
}

// AuthenticateToken implements authenticator.Token.
func (a *Authenticator) AuthenticateToken(ctx context.Context, token string) (*authenticator.Response, bool, error) {
	return a.tokens.Load().AuthenticateToken(ctx, token)
}
