//go:build !linux

package storage

import "errors"

// freeSpace is implemented for Linux only. Elsewhere writes are not refused
// because of the disk.
func freeSpace(string) (uint64, error) { return 0, errors.ErrUnsupported }

// allocate is implemented for Linux only.
func allocate(string, int64) error { return errors.ErrUnsupported }
