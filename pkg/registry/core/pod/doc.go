// Package pod defines pods, with their subresources, and bindings.
package pod
