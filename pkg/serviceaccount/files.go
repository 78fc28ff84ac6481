package serviceaccount

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"gopkg.in/go-jose/go-jose.v2/jwt"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/filewatch"
)

// Keys contains the keys in a set of files. They can be replaced without a
// restart: add the new public key to the files, then replace the signing key,
// and remove the old public key when its last token has expired. If a file
// cannot be read or contains no keys, all keys stay as they were.
type Keys struct {
	// files contains the file of the signing key, followed by those of the keys
	// that verify.
	files   []string
	initial []content
	current atomic.Pointer[keySet]

	mu sync.Mutex // serializes reloads
}

// ReadKeys reads the private key that signs, and the files with keys that
// verify. Those may contain public keys, private keys, whose public part is
// used, and certificates. The public part of the signing key always verifies.
func ReadKeys(signingFile string, verificationFiles ...string) (*Keys, error) {
	k := &Keys{files: append([]string{signingFile}, verificationFiles...)}
	return k, k.reload()
}

// publicationTime is how long others may keep the documents about keys in files. It is
// kube-apiserver's.
const publicationTime = time.Hour

func (k *Keys) get() *keySet                  { return k.current.Load() }
func (k *Keys) renew(context.Context) *keySet { return k.get() }
func (k *Keys) maxAge() time.Duration         { return publicationTime }

func (k *Keys) sign(_ context.Context, claims *Claims) (string, error) {
	return jwt.Signed(k.get().signer).Claims(claims).CompactSerialize()
}

// Run reloads the files when they change, until the context ends.
func (k *Keys) Run(ctx context.Context) {
	for _, file := range k.initial {
		go filewatch.Watch(ctx, file.name, file.data, func([]byte) {
			if err := k.reload(); err != nil {
				utilruntime.HandleError(fmt.Errorf("reloading the service account keys, the previous ones stay in use: %w", err))
			}
		})
	}
	<-ctx.Done()
}

// reload reads all files.
func (k *Keys) reload() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var contents []content
	for _, file := range k.files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		contents = append(contents, content{file, data})
	}
	set, err := newKeySet(contents[0], contents[1:])
	if err != nil {
		return err
	}
	if k.initial == nil {
		k.initial = contents
	}
	k.current.Store(set)
	return nil
}
