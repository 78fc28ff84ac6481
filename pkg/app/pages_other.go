//go:build !linux

package app

func releaseBinary() {}
