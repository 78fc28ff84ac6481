package storage

import (
	"sync"

	apistorage "k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/feature"
)

// embeddedFeatures answers what an etcd can do where the library's own checker
// would ask its endpoints: an in-process client has none, and without progress
// requests every consistent list goes to etcd and WatchList does not work.
type embeddedFeatures struct{ feature.FeatureSupportChecker }

var assumeOnce sync.Once

// assumeCurrentEtcd installs embeddedFeatures. The library keeps one checker
// for the process; every etcd that this release supports has the feature.
func assumeCurrentEtcd() {
	assumeOnce.Do(func() {
		feature.DefaultFeatureSupportChecker = embeddedFeatures{feature.DefaultFeatureSupportChecker}
	})
}

// Supports implements feature.FeatureSupportChecker. The in-process client
// cannot stream a range; it has no message to keep small either.
func (embeddedFeatures) Supports(f apistorage.Feature) bool {
	return f == apistorage.RequestWatchProgress
}
