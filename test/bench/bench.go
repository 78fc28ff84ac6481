package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes/scheme"
	restclient "k8s.io/client-go/rest"
)

// connections is how many connections the clients share.
const connections = 4

// bench is a server under load.
type bench struct {
	server   *server
	clients  []*restclient.RESTClient
	duration time.Duration
	pods     int
	// loaded is true when the pods are there.
	loaded bool
	// memory is the server's just after that.
	memory memory
	// perDefinition is what a definition of a custom resource that is in use
	// adds to the server's heap and stacks in MiB.
	perDefinition float64
	// run counts the scenarios, for names that are used once.
	run int

	// provider and the tokens belong to the scenarios of identity.go, as does
	// the number of users who are bound to a role. The clients of strangers
	// have no certificate.
	provider  *identityProvider
	tokens    map[string]string
	strangers []*restclient.RESTClient
	bound     int
}

func newBench(s *server, provider *identityProvider, duration time.Duration, pods int) (*bench, error) {
	b := &bench{server: s, provider: provider, duration: duration, pods: pods}
	var err error
	if b.clients, err = connect(s.config); err != nil {
		return nil, err
	}
	b.strangers, err = connect(restclient.AnonymousClientConfig(s.config))
	return b, err
}

func connect(server *restclient.Config) (clients []*restclient.RESTClient, _ error) {
	for range connections {
		config := restclient.CopyConfig(server)
		config.QPS = -1
		config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
		// A dialer of its own gives each client its own connection.
		config.Dial = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
		client, err := restclient.UnversionedRESTClientFor(config)
		if err != nil {
			return nil, err
		}
		clients = append(clients, client)
	}
	return clients, nil
}

// call is one request; the body is of the content type.
type call struct {
	verb, uri, contentType, accept string
	body                           []byte
	// token takes the place of the administrator's certificate.
	token string
}

// send sends a request over the connection of a worker and drops the answer;
// it returns its size.
func (b *bench) send(ctx context.Context, worker int, c call) (int64, error) {
	clients := b.clients
	if c.token != "" {
		clients = b.strangers
	}
	r := clients[worker%connections].Verb(c.verb).RequestURI(c.uri).MaxRetries(0).SetHeader("Accept", c.accept)
	if c.token != "" {
		r = r.SetHeader("Authorization", "Bearer "+c.token)
	}
	if c.body != nil {
		r = r.SetHeader("Content-Type", c.contentType).Body(c.body)
	}
	answer, err := r.Stream(ctx)
	if err != nil {
		return 0, err
	}
	defer answer.Close()
	return io.Copy(io.Discard, answer)
}

// namespace makes a namespace, if it is not there.
func (b *bench) namespace(ctx context.Context, name string) error {
	body := []byte(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"` + name + `"}}`)
	if _, err := b.send(ctx, 0, call{"POST", "/api/v1/namespaces", jsonType, jsonType, body, ""}); err != nil && !isThere(err) {
		return err
	}
	return nil
}

// isThere reports whether an object was made before.
func isThere(err error) bool { return apierrors.IsAlreadyExists(err) }

// scenario is one kind of load.
type scenario struct {
	name    string
	clients int
	// upstream is what was recorded of kube-apiserver and etcd.
	upstream figures
	// prepare runs before the measurement.
	prepare func(context.Context, *bench) error
	// operation is measured; worker and i together are unique.
	operation func(ctx context.Context, b *bench, worker, i int) error
	// whole measures by itself, in place of operation.
	whole func(context.Context, *bench) (*result, error)
}

// measure runs a scenario: a tenth of the time to warm up, at most half a
// second, then the measured time.
func (b *bench) measure(ctx context.Context, s scenario) (*result, error) {
	b.run++
	if err := b.namespace(ctx, "bench"); err != nil {
		return nil, err
	}
	if s.prepare != nil {
		if err := s.prepare(ctx, b); err != nil {
			return nil, fmt.Errorf("preparing: %w", err)
		}
	}
	if s.whole != nil {
		return s.whole(ctx, b)
	}
	if _, err := b.loop(ctx, s, 0, min(b.duration/10, 500*time.Millisecond)); err != nil {
		return nil, err
	}
	return b.loop(ctx, s, 1<<20, b.duration)
}

// loop repeats the operation on every worker until the time is up.
func (b *bench) loop(ctx context.Context, s scenario, first int, duration time.Duration) (*result, error) {
	var mu sync.Mutex
	r := &result{}
	workers, ctx := errgroup.WithContext(ctx)
	cpu, begin := b.server.cpu(), time.Now()
	for worker := range s.clients {
		workers.Go(func() error {
			var latencies []time.Duration
			for i := first; time.Since(begin) < duration; i++ {
				sent := time.Now()
				if err := s.operation(ctx, b, worker, i); err != nil {
					return err
				}
				latencies = append(latencies, time.Since(sent))
			}
			mu.Lock()
			defer mu.Unlock()
			r.latencies = append(r.latencies, latencies...)
			return nil
		})
	}
	err := workers.Wait()
	r.elapsed, r.cpu = time.Since(begin), b.server.cpu()-cpu
	if err == nil && len(r.latencies) == 0 {
		err = errors.New("no operation was done")
	}
	return r, err
}
