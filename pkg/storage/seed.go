package storage

import (
	"context"
	"fmt"
	"path"
	"slices"

	clientv3 "go.etcd.io/etcd/client/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	apistorage "k8s.io/apiserver/pkg/storage"
)

// Seed is an object with which an empty etcd begins.
type Seed struct {
	Resource schema.GroupResource
	Object   interface {
		runtime.Object
		metav1.Object
	}
}

// seedsAtOnce is the number of objects that are written in one transaction: etcd's
// limit for its operations.
const seedsAtOnce = 128

// IsNew reports whether nothing has been written to the etcd, and nobody else writes
// to it. Before the etcd is ready, it may have been written to although IsNew is true.
func (b *Backend) IsNew() bool { return b.etcd.Revision() <= 1 && !b.etcd.Shared() }

// Sow writes objects to an etcd that is new when it is ready, before anything else uses it. They must be
// complete, with everything that the creation of an object sets. The objects of a resource
// that is encrypted are left out: whether encryption is possible is known later.
//
// It replaces one request, one encoding of managed fields and one transaction of etcd
// for each object, which is most of the work of a start.
func (b *Backend) Sow(ctx context.Context, seeds []Seed) error {
	var puts []clientv3.Op
	options := map[schema.GroupResource]generic.RESTOptions{}
	for _, seed := range seeds {
		o, known := options[seed.Resource]
		if !known {
			var err error
			if o, err = b.options.GetRESTOptions(seed.Resource, seed.Object); err != nil {
				return fmt.Errorf("%s: %w", seed.Resource, err)
			}
			options[seed.Resource] = o
		}
		put, err := seed.put(o)
		if err != nil {
			return fmt.Errorf("%s %q: %w", seed.Resource, seed.Object.GetName(), err)
		}
		puts = append(puts, put...)
	}
	if err := b.etcd.Ready(ctx); err != nil || !b.IsNew() {
		return err
	}
	client := b.etcd.Client()
	defer client.Close()
	for some := range slices.Chunk(puts, seedsAtOnce) {
		if _, err := client.Txn(ctx).Then(some...).Commit(); err != nil {
			return err
		}
	}
	b.etcd.since.Store(uint64(b.etcd.Revision()))
	return nil
}

// put is how the object is written, or nothing if it is left out.
func (s Seed) put(options generic.RESTOptions) ([]clientv3.Op, error) {
	if options.StorageConfig.Transformer != nil {
		return nil, nil
	}
	if err := (apistorage.APIObjectVersioner{}).PrepareObjectForStorage(s.Object); err != nil {
		return nil, err
	}
	data, err := runtime.Encode(options.StorageConfig.Codec, s.Object)
	if err != nil {
		return nil, err
	}
	key := path.Join("/", options.StorageConfig.Prefix, options.ResourcePrefix, s.Object.GetNamespace(), s.Object.GetName())
	return []clientv3.Op{clientv3.OpPut(key, string(data))}, nil
}
