// Package storage runs the embedded etcd and connects the generic registry to
// it without a network. Each resource gets an in-process etcd client; the watch
// cache, compaction and the health checks work as k8s.io/apiserver provides
// them for an external etcd. Apply is the entry point: it chooses the storage
// of every resource from the flags.
package storage
