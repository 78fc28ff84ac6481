// Package tlsconn carries streams over TLS with few system calls. crypto/tls reads
// and writes each record of at most 16 KiB by a call of its own, and protocols that
// write a header and its data one after the other make records of a few bytes.
//
// Raw is the connection below TLS. Conn is the connection above: it receives all
// records that have arrived, and sends those of a whole frame, at once.
package tlsconn
