// Package e2e drives the server with real clients: the scripts in
// testdata/kubectl with kubectl, the other tests with client-go, plain HTTP and
// an etcd client. Most of them share one server inside the test process; the
// tests in process_*_test.go run the real binary, kill it and start it again.
//
// A script is a transcript for github.com/rogpeppe/go-internal/testscript. It
// runs in a namespace of its own, whose name is $NS. To write the expected
// output of its cmp lines anew:
//
//	go test ./test/e2e -run Kubectl -update
package e2e
