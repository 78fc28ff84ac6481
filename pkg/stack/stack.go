// Package stack lets goroutines that serve requests have a stack of sufficient size early.
//
// A goroutine begins with a stack of two or four KiB, and Go copies it into one of twice the size as
// often as it proves too small. Each copy has to walk all frames. Serving a request takes three goroutines, each of
// which calls through dozens of functions of the library until its stack has 16 to 64 KiB; copying took
// a tenth of the CPU time of reading an object. When the stack grows early there are few frames to
// copy, and it grows only once.
package stack

const (
	some = 12 << 10
	much = 36 << 10
)

// Grow makes the stack of the calling goroutine so large that the caller may use 12 KiB more
// of it without another growth. A goroutine should call it as early as possible.
func Grow() { growSome(false) }

// GrowMuch does the same for 36 KiB, which decoding a large object deep in the handlers needs.
func GrowMuch() { growMuch(false) }

// growSome has a large frame, for which Go makes room when it is called. Its bytes are neither
// cleared nor used, because use is false.
//
//go:noinline
func growSome(use bool) {
	if use {
		var frame [some]byte
		touch(frame[:])
	}
}

//go:noinline
func growMuch(use bool) {
	if use {
		var frame [much]byte
		touch(frame[:])
	}
}

//go:noinline
func touch(frame []byte) { frame[0]++ }
