// Package kmsprovider is a key management service (KMS) for tests. It serves both
// versions of the plugin API, v1 and v2, by gRPC on a Unix socket.
package kmsprovider

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"
	kmsv1 "k8s.io/kms/apis/v1beta1"
	kmsv2 "k8s.io/kms/apis/v2"
	"k8s.io/kms/pkg/service"
)

// connectTimeout is how long a client may take to connect.
const connectTimeout = 5 * time.Second

// Provider encrypts with AES-GCM. Its keys follow from their names.
type Provider struct {
	socket string
	server *grpc.Server

	mu      sync.Mutex
	keyID   string
	failure error
}

var _ service.Service = (*Provider)(nil)

// New returns a provider whose socket will be in a new directory. Its first key is
// named "key-1".
func New() (*Provider, error) {
	// The directories of tests are too long for the address of a socket.
	dir, err := os.MkdirTemp("", "kms")
	if err != nil {
		return nil, err
	}
	return &Provider{socket: filepath.Join(dir, "kms.sock"), keyID: "key-1"}, nil
}

// Endpoint is the address for the encryption configuration.
func (p *Provider) Endpoint() string { return "unix://" + p.socket }

// Start begins to serve. It can be called again after Stop.
func (p *Provider) Start() error {
	listener, err := net.Listen("unix", p.socket)
	if err != nil {
		return err
	}
	p.server = grpc.NewServer(grpc.ConnectionTimeout(connectTimeout))
	kmsv2.RegisterKeyManagementServiceServer(p.server, service.NewGRPCService(p.socket, connectTimeout, p))
	kmsv1.RegisterKeyManagementServiceServer(p.server, first{p: p})
	go func() { _ = p.server.Serve(listener) }() // it returns after Stop
	return nil
}

// Stop ends the connections and removes the socket.
func (p *Provider) Stop() {
	if p.server != nil {
		p.server.Stop()
	}
}

// Close stops the provider for good.
func (p *Provider) Close() {
	p.Stop()
	_ = os.RemoveAll(filepath.Dir(p.socket))
}

// Use makes the provider encrypt with another key. It still decrypts what older
// keys encrypted.
func (p *Provider) Use(keyID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keyID = keyID
}

// Fail makes all calls return an error, until it is called with nil.
func (p *Provider) Fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failure = err
}

func (p *Provider) state() (keyID string, failure error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keyID, p.failure
}

// Status implements service.Service.
func (p *Provider) Status(context.Context) (*service.StatusResponse, error) {
	keyID, err := p.state()
	if err != nil {
		return nil, err
	}
	return &service.StatusResponse{Version: "v2", Healthz: "ok", KeyID: keyID}, nil
}

// Encrypt implements service.Service.
func (p *Provider) Encrypt(_ context.Context, _ string, data []byte) (*service.EncryptResponse, error) {
	keyID, err := p.state()
	if err != nil {
		return nil, err
	}
	sealed, err := seal(keyID, data)
	return &service.EncryptResponse{Ciphertext: sealed, KeyID: keyID}, err
}

// Decrypt implements service.Service.
func (p *Provider) Decrypt(_ context.Context, _ string, request *service.DecryptRequest) ([]byte, error) {
	if _, err := p.state(); err != nil {
		return nil, err
	}
	return open(request.KeyID, request.Ciphertext)
}

// first serves version 1 of the API, which does not know of keys.
type first struct {
	kmsv1.UnsafeKeyManagementServiceServer
	p *Provider
}

const firstKey = "key-of-v1"

// Version implements kmsv1.KeyManagementServiceServer.
func (f first) Version(context.Context, *kmsv1.VersionRequest) (*kmsv1.VersionResponse, error) {
	return &kmsv1.VersionResponse{Version: "v1beta1", RuntimeName: "test", RuntimeVersion: "1"}, nil
}

// Encrypt implements kmsv1.KeyManagementServiceServer.
func (f first) Encrypt(_ context.Context, request *kmsv1.EncryptRequest) (*kmsv1.EncryptResponse, error) {
	if _, err := f.p.state(); err != nil {
		return nil, err
	}
	sealed, err := seal(firstKey, request.Plain)
	return &kmsv1.EncryptResponse{Cipher: sealed}, err
}

// Decrypt implements kmsv1.KeyManagementServiceServer.
func (f first) Decrypt(_ context.Context, request *kmsv1.DecryptRequest) (*kmsv1.DecryptResponse, error) {
	if _, err := f.p.state(); err != nil {
		return nil, err
	}
	plain, err := open(firstKey, request.Cipher)
	return &kmsv1.DecryptResponse{Plain: plain}, err
}

func seal(keyID string, data []byte) ([]byte, error) {
	gcm, err := newGCM(keyID)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, gcm.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return gcm.Seal(nonce, nonce, data, nil), nil
}

func open(keyID string, data []byte) ([]byte, error) {
	gcm, err := newGCM(keyID)
	if err != nil {
		return nil, err
	}
	if len(data) < gcm.NonceSize() {
		return nil, errors.New("too short")
	}
	return gcm.Open(nil, data[:gcm.NonceSize()], data[gcm.NonceSize():], nil)
}

func newGCM(keyID string) (cipher.AEAD, error) {
	key := sha256.Sum256([]byte(keyID))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", keyID, err)
	}
	return cipher.NewGCM(block)
}
