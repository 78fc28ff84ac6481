package customresources

import (
	"net/http"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
)

// unusedAfter is how long what serves a resource is kept without a request. A watch is
// a request as long as it is open.
const unusedAfter = 5 * time.Minute

// sweepInterval is the time between two looks at what is unused.
const sweepInterval = time.Minute

// uses drops what serves a resource when nobody has used it for some time: storage, watch
// cache, schemas and programs of a resource take some megabytes. The next request builds
// them again.
type uses struct {
	clock clock.PassiveClock
	// release drops what serves the resource of the definition with the UID.
	release func(types.UID)

	mu sync.Mutex
	// used contains the resources that were used since their last release.
	used    map[types.UID]*use
	timer   *time.Timer
	stopped bool
}

// use is the use of one resource. Each request holds a read lock until it has its answer.
type use struct {
	requests sync.RWMutex
	// last is when the last request began or ended, guarded by uses.mu.
	last time.Time
}

func newUses(c clock.PassiveClock, release func(types.UID)) *uses {
	return &uses{clock: c, release: release, used: map[types.UID]*use{}}
}

// serve calls the handler with a request for the resource of the definition with the UID.
func (u *uses) serve(uid types.UID, handler http.Handler, w http.ResponseWriter, req *http.Request) {
	use := u.touch(uid)
	use.requests.RLock()
	defer func() {
		use.requests.RUnlock()
		u.touch(uid)
	}()
	handler.ServeHTTP(w, req)
}

// touch notes that a resource is used now.
func (u *uses) touch(uid types.UID) *use {
	u.mu.Lock()
	defer u.mu.Unlock()
	one := u.used[uid]
	if one == nil {
		one = &use{}
		u.used[uid] = one
	}
	one.last = u.clock.Now()
	if u.timer == nil && !u.stopped {
		u.timer = time.AfterFunc(sweepInterval, u.sweep)
	}
	return one
}

// sweep releases what was not used for some time. It comes again as long as anything is
// in use.
func (u *uses) sweep() {
	for uid, idle := range u.idle() {
		// A request that holds the lock goes on, however long.
		if idle.requests.TryLock() {
			u.drop(uid, idle)
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.timer = nil
	if len(u.used) > 0 && !u.stopped {
		u.timer = time.AfterFunc(sweepInterval, u.sweep)
	}
}

// idle returns what was not touched for some time.
func (u *uses) idle() map[types.UID]*use {
	u.mu.Lock()
	defer u.mu.Unlock()
	idle := map[types.UID]*use{}
	for uid, one := range u.used {
		if u.clock.Since(one.last) >= unusedAfter {
			idle[uid] = one
		}
	}
	return idle
}

// drop releases a resource, whose requests wait because the caller has locked them. If
// there are any, the resource stays in use.
func (u *uses) drop(uid types.UID, one *use) {
	defer one.requests.Unlock()
	u.release(uid)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.clock.Since(one.last) >= unusedAfter {
		delete(u.used, uid)
	}
}

// stop ends the sweeps.
func (u *uses) stop() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.stopped = true
	if u.timer != nil {
		u.timer.Stop()
	}
}
