// Package channels serves v5.channel.k8s.io, the protocol by which clients exec in and
// attach to containers over a WebSocket (KEP-4006). The first byte of a message is the
// number of a channel, the rest belongs to the stream of that channel. A client ends
// its input by a message of two bytes: 255 and the number of the channel.
//
// k8s.io/streaming serves the protocol, too. It uses golang.org/x/net/websocket, which
// reads each frame as a whole into new memory and decodes it byte by byte: a third
// of what the input of a container costs. This package uses github.com/gorilla/websocket.
// It differs in that the fragments of a message count as one message.
package channels
