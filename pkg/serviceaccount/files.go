package serviceaccount

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// rereadInterval is how long a change of the key files may go unnoticed.
const rereadInterval = time.Second

// Keys are the keys in a set of files. Whoever uses them looks whether the files
// have changed, at most once a second, so that keys can be replaced without a
// restart: first add the new public key to the files, then replace the signing
// key, and take the old public key away when its last token has expired. Files
// that cannot be read, or do not hold keys, change nothing.
type Keys struct {
	signingFile       string
	verificationFiles []string
	interval          time.Duration

	current atomic.Pointer[keySet]
	// checked is when the files were looked at, in Unix nanoseconds.
	checked atomic.Int64

	mu sync.Mutex
	// contents and problem are those of the last look: the problem is logged
	// when it is a new one.
	contents []content
	problem  string
}

// ReadKeys reads the private key that signs and the files with the keys that
// verify: public keys, private keys, whose public half is used, or certificates.
// The public half of the signing key always verifies.
func ReadKeys(signingFile string, verificationFiles ...string) (*Keys, error) {
	k := &Keys{signingFile: signingFile, verificationFiles: verificationFiles, interval: rereadInterval}
	if err := k.read(); err != nil {
		return nil, err
	}
	k.checked.Store(time.Now().UnixNano())
	return k, nil
}

// get returns the keys of this moment.
func (k *Keys) get() *keySet {
	if now := time.Now().UnixNano(); now-k.checked.Load() >= int64(k.interval) && k.mu.TryLock() {
		// The others go on with the keys that there are.
		defer k.mu.Unlock()
		k.checked.Store(now)
		k.report(k.read())
	}
	return k.current.Load()
}

func (k *Keys) report(err error) {
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	if err != nil && problem != k.problem {
		utilruntime.HandleError(fmt.Errorf("reading the service account keys again (those read before stay in use): %w", err))
	}
	k.problem = problem
}

// read replaces the keys when the files have changed.
func (k *Keys) read() error {
	var contents []content
	for _, file := range append([]string{k.signingFile}, k.verificationFiles...) {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		contents = append(contents, content{file, data})
	}
	if slices.EqualFunc(contents, k.contents, func(a, b content) bool { return bytes.Equal(a.data, b.data) }) {
		return nil
	}
	set, err := newKeySet(contents[0], contents[1:])
	if err != nil {
		return err
	}
	k.contents = contents
	k.current.Store(set)
	return nil
}
