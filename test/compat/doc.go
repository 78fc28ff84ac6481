// Package compat compares a server with the real kube-apiserver, request by
// request. A recording holds some tens of thousands of requests ([Case]) and
// what kube-apiserver answered to each ([Answer]). [Replay] sends the same
// requests to a server under test, and [Compare] says how far two answers to
// one request agree.
//
// There are three levels of agreement, each of which includes the one before:
//
//   - code: the same HTTP status.
//   - semantic: for a success, the same object whatever the order of its keys,
//     with its managed fields; for an error, the same reason and the same set
//     of (reason, field) of its causes; for anything else, the same text.
//   - exact: also the same messages and details of an error, the same warnings
//     and the same content type.
//
// What no two runs share (uids, resource versions, times, random names,
// addresses and ports, ages in tables, ...) is normalised away first.
//
// Where the version of the library is meant to differ from the version that was
// recorded, exceptions.tsv says so ([Exception]): in which cases, by an
// expression for their ids, and in which way, by an expression for what differs,
// with the number of the cases and the reason. An exception covers a case only
// if it matches every difference of that case, so it hides no other; and the
// test fails where an exception covers more cases than it says, or fewer.
//
// The test of this package replays the resources that floors.tsv lists and
// fails where a score falls below its floor. It also takes an external server
// in place of its own:
//
//	go test ./test/compat -v -compat.show '/pods/' -compat.level semantic -compat.limit 5
//	go test ./test/compat -v -compat.resources all -compat.server https://127.0.0.1:6443 -compat.token T
//	go test ./test/compat -update-floors
package compat
