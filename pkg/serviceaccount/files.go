package serviceaccount

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/filewatch"
)

// Keys are the keys in a set of files, which can be replaced without a restart:
// first add the new public key to the files, then replace the signing key, and
// take the old public key away when its last token has expired. Files that
// cannot be read, or do not hold keys, change nothing.
type Keys struct {
	// files are the signing key's, and then those of the keys that verify.
	files   []string
	initial []content
	current atomic.Pointer[keySet]

	mu sync.Mutex // one reload at a time
}

// ReadKeys reads the private key that signs and the files with the keys that
// verify: public keys, private keys, whose public half is used, or certificates.
// The public half of the signing key always verifies.
func ReadKeys(signingFile string, verificationFiles ...string) (*Keys, error) {
	k := &Keys{files: append([]string{signingFile}, verificationFiles...)}
	return k, k.reload()
}

// get returns the keys of this moment.
func (k *Keys) get() *keySet { return k.current.Load() }

// Run follows the files until the context ends.
func (k *Keys) Run(ctx context.Context) {
	for _, file := range k.initial {
		go filewatch.Watch(ctx, file.name, file.data, func([]byte) {
			if err := k.reload(); err != nil {
				utilruntime.HandleError(fmt.Errorf("reading the service account keys again (those read before stay in use): %w", err))
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
