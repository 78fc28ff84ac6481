package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes/scheme"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/test/kubelet"
)

// connections is the number of connections that the clients share.
const connections = 4

// bench is a server under load.
type bench struct {
	server   *server
	clients  []*restclient.RESTClient
	duration time.Duration
	pods     int
	// owner is the UID of the replica set that owns the pods.
	owner string
	// loaded is true when the pods have been created.
	loaded bool
	// memory is the memory of the server directly after that.
	memory memory
	// perDefinition is the size, in MiB, by which the server's heap and stacks
	// grow for each CustomResourceDefinition that is in use.
	perDefinition float64
	// run counts the scenarios. It is part of names that must be unique.
	run int

	// provider, tokens, strangers and bound are used by the scenarios in
	// identity.go. strangers are clients without a certificate. bound is the
	// number of users who are bound to a role.
	provider  *identityProvider
	tokens    map[string]string
	strangers []*restclient.RESTClient
	bound     int

	// kubelet serves the streams of kubelet.go.
	kubelet *kubelet.Kubelet
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
		config.WarningHandler = restclient.NoWarnings{}
		config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
		// Each client needs its own dialer, so that it has its own connection.
		config.Dial = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
		client, err := restclient.UnversionedRESTClientFor(config)
		if err != nil {
			return nil, err
		}
		clients = append(clients, client)
	}
	return clients, nil
}

// call is one request. The body has the content type.
type call struct {
	verb, uri, contentType, accept string
	body                           []byte
	// token, if not empty, is used instead of the administrator's certificate.
	token string
}

// send sends a request over the connection of a worker, discards the answer and
// returns its size.
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

// namespace creates a namespace unless it exists.
func (b *bench) namespace(ctx context.Context, name string) error {
	body := []byte(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"` + name + `"}}`)
	if _, err := b.send(ctx, 0, call{"POST", "/api/v1/namespaces", jsonType, jsonType, body, ""}); err != nil && !isThere(err) {
		return err
	}
	return nil
}

// isThere reports whether a create request failed because the object exists.
func isThere(err error) bool { return apierrors.IsAlreadyExists(err) }

// scenario is one kind of load.
type scenario struct {
	name    string
	clients int
	// upstream contains the recorded figures of kube-apiserver and etcd.
	upstream figures
	// flags, if not nil, are those of servers that run for this scenario alone.
	flags []string
	// writes is true if each operation leaves something in the storage.
	writes bool
	// prepare runs before the measurement.
	prepare func(context.Context, *bench) error
	// operation is the operation to measure. The pair of worker and i is
	// unique.
	operation func(ctx context.Context, b *bench, worker, i int) error
	// whole, if not nil, is called instead of operation and measures by itself.
	whole func(context.Context, *bench) (*result, error)
}

// measure runs a scenario. Before the measured time it warms up for a tenth of
// that time, but at most for half a second. If other, the result of another server, is not
// nil, a scenario that writes runs for as many operations instead, so that both servers
// hold the same number of objects afterwards and their memory can be compared.
func (b *bench) measure(ctx context.Context, s scenario, other *result) (*result, error) {
	b.run++
	if err := b.namespace(ctx, "bench"); err != nil {
		return nil, err
	}
	if err := b.prepareOwner(ctx); err != nil {
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
	warm, measured := after(min(b.duration/10, 500*time.Millisecond)), after(b.duration)
	if s.writes && other != nil {
		warm, measured = count(other.warmUp), count(len(other.latencies))
	}
	first, err := b.loop(ctx, s, 0, warm)
	if err != nil {
		return nil, err
	}
	r, err := b.loop(ctx, s, 1<<20, measured)
	r.warmUp = len(first.latencies)
	return r, err
}

// end reports, before each operation, whether there shall be no more. It is given the time
// since the first one.
type end func(elapsed time.Duration) bool

func after(duration time.Duration) end {
	return func(elapsed time.Duration) bool { return elapsed >= duration }
}

func count(operations int) end {
	var begun atomic.Int64
	return func(time.Duration) bool { return begun.Add(1) > int64(operations) }
}

// loop repeats the operation in each worker until the end.
func (b *bench) loop(ctx context.Context, s scenario, first int, ended end) (*result, error) {
	var mu sync.Mutex
	r := &result{}
	workers, ctx := errgroup.WithContext(ctx)
	cpu, begin := b.server.cpu(), time.Now()
	for worker := range s.clients {
		workers.Go(func() error {
			var latencies []time.Duration
			for i := first; !ended(time.Since(begin)); i++ {
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
		err = errors.New("no operation was completed")
	}
	return r, err
}
