// Package storage runs the embedded etcd and connects the generic registry to
// it without a network: an in-process client for every resource, the watch
// cache, compaction and the health checks, as k8s.io/apiserver has them for an
// external etcd.
package storage
