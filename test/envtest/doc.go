// Package envtest is a suite with envtest of controller-runtime as users write
// it. It starts the binary through the links that gatehouse assets makes:
//
//	eval $(gatehouse assets /tmp/assets)
//	go test ./...
package envtest
