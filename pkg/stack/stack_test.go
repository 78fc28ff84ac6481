package stack

import "testing"

// BenchmarkDeepCall measures a goroutine that calls deeply, as serving a request does, with
// and without room on its stack.
func BenchmarkDeepCall(b *testing.B) {
	for name, prepare := range map[string]func(){"grown early": Grow, "grown in steps": func() {}} {
		b.Run(name, func(b *testing.B) {
			done := make(chan int)
			for b.Loop() {
				go func() {
					prepare()
					done <- deep(80)
				}()
				<-done
			}
		})
	}
}

//go:noinline
func deep(n int) int {
	var frame [96]byte
	if n == 0 {
		return int(frame[0])
	}
	frame[n] = byte(n)
	return deep(n-1) + int(frame[n])
}
