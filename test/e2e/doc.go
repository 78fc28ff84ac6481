// Package e2e tests the server with real clients: the scripts in
// testdata/kubectl use kubectl, the other tests use client-go, plain HTTP and an
// etcd client. Most tests share one server in the test process. The tests in
// process_*_test.go run the real binary, kill it and start it again.
//
// A script is a transcript for github.com/rogpeppe/go-internal/testscript. Each
// script runs in its own namespace, whose name is $NS. To update the expected
// output of the cmp lines:
//
//	go test ./test/e2e -run Kubectl -update
package e2e
