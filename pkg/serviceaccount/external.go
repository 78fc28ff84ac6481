package serviceaccount

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	jose "gopkg.in/go-jose/go-jose.v2"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	externaljwt "k8s.io/externaljwt/apis/v1"
)

const (
	// startTimeout is how long a start waits for the external signer to answer one call.
	startTimeout = 5 * time.Second
	// fetchTimeout is how long one later request for the keys may take.
	fetchTimeout = 10 * time.Second
	// renewInterval is the shortest time between two requests for the keys because of
	// tokens with unknown keys, which anybody can send.
	renewInterval = 100 * time.Millisecond
	// maxKeyID is the length of the longest id of a key that the API allows, in bytes.
	maxKeyID = 1024
	// minExpiration is the shortest lifetime of tokens that a signer has to support.
	minExpiration = 600 * time.Second
)

// External signs tokens in another process (KEP-740), which answers gRPC calls at a Unix
// domain socket. It also asks that process for the keys that verify: as often as
// the process wants, and whenever a token names an unknown key. If it gets none, the
// previous ones stay in use.
type External struct {
	// MaxExpiration is the longest lifetime of a token that the signer supports.
	MaxExpiration time.Duration

	connection *grpc.ClientConn
	signer     externaljwt.ExternalJWTSignerClient
	current    atomic.Pointer[fetched]
	// turn is held by the one who asks for keys.
	turn chan struct{}
}

// fetched are the keys of one answer.
type fetched struct {
	keys *keySet
	// asked is when they were asked for, and next when they are to be asked for again.
	asked, next time.Time
	// hint is the time between two periodic requests.
	hint time.Duration
}

// Connect connects to the signer at the socket and gets its keys and its limits. Run keeps the
// keys up to date, and Close ends the connection. Errors are worded as in kube-apiserver.
func Connect(ctx context.Context, socket string) (*External, error) {
	registerExternalMetrics()
	connection, err := grpc.NewClient("passthrough:///"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority("localhost"),
		grpc.WithContextDialer(dialSocket), grpc.WithChainUnaryInterceptor(measureCalls))
	if err != nil {
		return nil, fmt.Errorf("while setting up external-jwt-signer: %w", err)
	}
	e := &External{connection: connection, signer: externaljwt.NewExternalJWTSignerClient(connection), turn: make(chan struct{}, 1)}
	if err := e.start(ctx); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (e *External) start(ctx context.Context) error {
	if err := e.fetch(ctx, startTimeout, grpc.WaitForReady(true)); err != nil {
		return fmt.Errorf("while setting up external-jwt-signer: while initially filling key cache: while performing initial cache fill: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	limits, err := e.signer.Metadata(ctx, &externaljwt.MetadataRequest{}, grpc.WaitForReady(true))
	if err != nil {
		return fmt.Errorf("while setting up external-jwt-signer: %w", err)
	}
	e.MaxExpiration = seconds(limits.MaxTokenExpirationSeconds)
	if e.MaxExpiration < minExpiration {
		return fmt.Errorf("max token life supported by external-jwt-signer (%ds) is less than acceptable (min %ds)",
			limits.MaxTokenExpirationSeconds, minExpiration/time.Second)
	}
	return nil
}

// Close closes the connection. No token can be signed then.
func (e *External) Close() { _ = e.connection.Close() }

// Run asks for the keys periodically, until the context ends.
func (e *External) Run(ctx context.Context) {
	next := e.current.Load().next
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(next)):
		}
		if err := e.fetch(ctx, fetchTimeout); err != nil && ctx.Err() == nil {
			utilruntime.HandleErrorWithContext(ctx, err, "When syncing supported public keys (stale set of keys will be supported)")
		}
		next = time.Now().Add(e.current.Load().hint)
	}
}

func (e *External) get() *keySet { return e.current.Load().keys }

func (e *External) maxAge() time.Duration { return max(0, time.Until(e.current.Load().next)) }

// renew asks for the keys, unless somebody has begun to do so since the call. It waits until
// the previous request is renewInterval ago.
func (e *External) renew(ctx context.Context) *keySet {
	called := time.Now()
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return e.get()
	}
	asked := e.current.Load().asked
	if asked.After(called) {
		return e.get()
	}
	select {
	case <-time.After(time.Until(asked.Add(renewInterval))):
	case <-ctx.Done():
		return e.get()
	}
	if err := e.fetch(ctx, fetchTimeout); err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "Error while syncing keys")
	}
	return e.get()
}

// fetch asks for the keys and replaces the current ones. They remain the same set if nothing
// has changed, so that tokens need not be verified again.
func (e *External) fetch(ctx context.Context, timeout time.Duration, options ...grpc.CallOption) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	asked := time.Now()
	answer, err := e.signer.FetchKeys(ctx, &externaljwt.FetchKeysRequest{}, options...)
	countFetch(err)
	if err != nil {
		return fmt.Errorf("while fetching token verification keys: while getting externally supported jwt signing keys: %w", err)
	}
	keys, err := keysFrom(answer)
	if err != nil {
		return fmt.Errorf("while fetching token verification keys: %w", err)
	}
	setFetched(answer.DataTimestamp.AsTime(), time.Now())
	if before := e.current.Load(); before != nil && slices.EqualFunc(before.keys.keys, keys.keys, sameKey) {
		keys = before.keys
	}
	hint := seconds(answer.RefreshHintSeconds)
	e.current.Store(&fetched{keys: keys, asked: asked, next: time.Now().Add(hint), hint: hint})
	return nil
}

func sameKey(a, b key) bool {
	public, ok := a.public.(interface{ Equal(crypto.PublicKey) bool })
	return ok && a.id == b.id && a.unpublished == b.unpublished && public.Equal(b.public)
}

// keysFrom checks the keys of an answer.
func keysFrom(answer *externaljwt.FetchKeysResponse) (*keySet, error) {
	if err := answer.DataTimestamp.CheckValid(); err != nil {
		return nil, fmt.Errorf("invalid data timestamp: %w", err)
	}
	if answer.RefreshHintSeconds <= 0 {
		return nil, fmt.Errorf("found invalid refresh hint (%ds)", answer.RefreshHintSeconds)
	}
	if len(answer.Keys) == 0 {
		return nil, errors.New("found no keys")
	}
	set := &keySet{}
	for _, k := range answer.Keys {
		if k.KeyId == "" || len(k.KeyId) > maxKeyID {
			return nil, fmt.Errorf("found invalid public key id %q", k.KeyId)
		}
		public, err := x509.ParsePKIXPublicKey(k.Key)
		if err != nil {
			return nil, fmt.Errorf("while parsing external public keys: %w", err)
		}
		algorithms, err := algorithmsFor(public)
		if err != nil {
			return nil, fmt.Errorf("while parsing external public keys: %w", err)
		}
		set.add(key{id: k.KeyId, public: public, algorithms: algorithms, unpublished: k.ExcludeFromOidcDiscovery})
	}
	return set, nil
}

// sign implements Source. The signer makes the header and the signature of the token. Whether
// the signature is right, those find out who verify it.
func (e *External) sign(ctx context.Context, claims *Claims) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("while marshaling claims: %w", err)
	}
	encoded := base64.RawURLEncoding.EncodeToString(payload)
	token, err := e.signEncoded(ctx, encoded)
	countSign(err)
	return token, err
}

func (e *External) signEncoded(ctx context.Context, payload string) (string, error) {
	answer, err := e.signer.Sign(ctx, &externaljwt.SignJWTRequest{Claims: payload})
	if err != nil {
		return "", fmt.Errorf("while signing jwt: %w", err)
	}
	if err := e.checkHeader(answer.Header); err != nil {
		return "", fmt.Errorf("while validating header: %w", err)
	}
	if len(answer.Signature) == 0 {
		return "", errors.New("the external signer returned no signature")
	}
	return answer.Header + "." + payload + "." + answer.Signature, nil
}

// checkHeader returns an error for a header that verifiers might not understand, or with a
// key that they cannot find.
func (e *External) checkHeader(encoded string) error {
	data, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return fmt.Errorf("while unwrapping header: %w", err)
	}
	header, err := parseHeader(data)
	if err != nil {
		return fmt.Errorf("while parsing header JSON: %w", err)
	}
	switch {
	case header.Type != "JWT":
		return errors.New("bad type")
	case header.KeyID == "":
		return errors.New("key id missing")
	case len(header.KeyID) > maxKeyID:
		return errors.New("key id longer than 1 kb")
	case !slices.Contains([]jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.ES384, jose.ES512}, jose.SignatureAlgorithm(header.Algorithm)):
		return fmt.Errorf("bad signing algorithm %q", header.Algorithm)
	}
	for _, k := range e.get().keys {
		if k.id == header.KeyID && k.unpublished {
			return fmt.Errorf("key used for signing JWT (kid: %s) is excluded from OIDC discovery docs", k.id)
		}
	}
	return nil
}
