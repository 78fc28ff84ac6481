// Package server assembles the API server, in the order in which a request
// passes through it. TABLE
package server
