// Package signertest has a stand-in for the external signer of service account
// tokens, for tests.
package signertest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"
	externaljwt "k8s.io/externaljwt/apis/v1"
)

// Signer signs with ECDSA keys. Its keys and answers can be changed while it runs.
type Signer struct {
	externaljwt.UnimplementedExternalJWTSignerServer
	// Socket is the path of its socket.
	Socket string

	t       testing.TB
	mu      sync.Mutex
	keys    map[string]*ecdsa.PrivateKey
	answers Answers
	fetches int
}

// Answers are what a signer answers. Each function may be nil: then the answer is right.
type Answers struct {
	// KeyID is the key that signs.
	KeyID string
	// Header is the header of signed tokens; the default fits the key.
	Header string
	// MaxExpirationSeconds is the longest lifetime of a token.
	MaxExpirationSeconds int64
	// Sign, FetchKeys and Metadata change the answers or replace them by an error.
	Sign      func(*externaljwt.SignJWTResponse) error
	FetchKeys func(*externaljwt.FetchKeysResponse) error
	Metadata  func(*externaljwt.MetadataResponse) error
}

// Start starts a signer with the key "first", which supports a lifetime of one day and wants
// to be asked for its keys every hour. It stops when the test ends.
func Start(t testing.TB) *Signer {
	t.Helper()
	dir, err := os.MkdirTemp("", "signer") // short: the path of a socket has at most 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	s := &Signer{Socket: filepath.Join(dir, "s"), t: t, keys: map[string]*ecdsa.PrivateKey{},
		answers: Answers{KeyID: "first", MaxExpirationSeconds: int64(24 * time.Hour / time.Second)}}
	s.AddKey("first")
	listener, err := net.Listen("unix", s.Socket)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	externaljwt.RegisterExternalJWTSignerServer(server, s)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		_ = os.RemoveAll(dir)
	})
	return s
}

// AddKey adds a key, so that FetchKeys returns it.
func (s *Signer) AddKey(id string) {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[id] = key
}

// Change changes the answers.
func (s *Signer) Change(change func(*Answers)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.answers)
}

// Fetches returns how often the keys were asked for.
func (s *Signer) Fetches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetches
}

// Sign implements ExternalJWTSignerServer.
func (s *Signer) Sign(_ context.Context, req *externaljwt.SignJWTRequest) (*externaljwt.SignJWTResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	header := s.answers.Header
	if header == "" {
		header = fmt.Sprintf(`{"alg":"ES256","kid":%q,"typ":"JWT"}`, s.answers.KeyID)
	}
	encoded := base64.RawURLEncoding.EncodeToString([]byte(header))
	digest := sha256.Sum256([]byte(encoded + "." + req.Claims))
	a, b, err := ecdsa.Sign(rand.Reader, s.keys[s.answers.KeyID], digest[:])
	if err != nil {
		return nil, err
	}
	const half = 32
	signature := make([]byte, 2*half)
	a.FillBytes(signature[:half])
	b.FillBytes(signature[half:])
	answer := &externaljwt.SignJWTResponse{Header: encoded, Signature: base64.RawURLEncoding.EncodeToString(signature)}
	return answer, changed(s.answers.Sign, answer)
}

// FetchKeys implements ExternalJWTSignerServer.
func (s *Signer) FetchKeys(context.Context, *externaljwt.FetchKeysRequest) (*externaljwt.FetchKeysResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetches++
	answer := &externaljwt.FetchKeysResponse{DataTimestamp: timestamppb.Now(), RefreshHintSeconds: int64(time.Hour / time.Second)}
	for id, key := range s.keys {
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			return nil, err
		}
		answer.Keys = append(answer.Keys, &externaljwt.Key{KeyId: id, Key: der})
	}
	return answer, changed(s.answers.FetchKeys, answer)
}

// Metadata implements ExternalJWTSignerServer.
func (s *Signer) Metadata(context.Context, *externaljwt.MetadataRequest) (*externaljwt.MetadataResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := &externaljwt.MetadataResponse{MaxTokenExpirationSeconds: s.answers.MaxExpirationSeconds}
	return answer, changed(s.answers.Metadata, answer)
}

func changed[T any](change func(T) error, answer T) error {
	if change == nil {
		return nil
	}
	return change(answer)
}
