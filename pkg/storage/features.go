package storage

import (
	"sync"

	apistorage "k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/feature"
)

// embeddedFeatures states what the embedded etcd supports. The checker of
// k8s.io/apiserver asks the endpoints of a client, and an in-process client has
// no endpoints. Without support for progress requests, every consistent list
// would be read from etcd instead of the watch cache, and WatchList would not
// work.
type embeddedFeatures struct{ feature.FeatureSupportChecker }

var assumeOnce sync.Once

// assumeCurrentEtcd installs embeddedFeatures. k8s.io/apiserver keeps one
// checker per process, which therefore also answers for external etcds: every
// etcd version that this release supports has the feature.
func assumeCurrentEtcd() {
	assumeOnce.Do(func() {
		feature.DefaultFeatureSupportChecker = embeddedFeatures{feature.DefaultFeatureSupportChecker}
	})
}

// Supports implements feature.FeatureSupportChecker. Streaming of ranges is not
// supported, because the in-process client does not implement it. It is not
// needed either: it exists to keep network messages small.
func (embeddedFeatures) Supports(f apistorage.Feature) bool {
	return f == apistorage.RequestWatchProgress
}
