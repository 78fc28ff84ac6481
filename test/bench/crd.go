package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const (
	definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
	// atOnce is the number of definitions that are created concurrently.
	atOnce = 200
)

// definition returns a CustomResourceDefinition with twenty fields and a rule.
func definition(plural string) []byte {
	properties := map[string]any{}
	for i := range 20 {
		properties["field"+strconv.Itoa(i)] = map[string]any{"type": "string", "maxLength": 100, "default": "value", "description": "One of many fields."}
	}
	return marshal(map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": plural + ".bench.example.com"},
		"spec": map[string]any{
			"group": "bench.example.com", "scope": "Cluster",
			"names": map[string]any{"plural": plural, "kind": "Kind" + plural},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true, "subresources": map[string]any{"status": map[string]any{}},
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "properties": map[string]any{
					"spec": map[string]any{"type": "object", "properties": properties,
						"x-kubernetes-validations": []any{map[string]any{"rule": "self.field0 != self.field1 || self.field2 == 'value'"}}},
				}}},
			}},
		},
	})
}

func customResource(plural, name string) []byte {
	return marshal(map[string]any{"apiVersion": "bench.example.com/v1", "kind": "Kind" + plural, "metadata": map[string]any{"name": name},
		"spec": map[string]any{}})
}

func marshal(object any) []byte {
	data, err := json.Marshal(object)
	if err != nil {
		panic(err) // the object is a constant of this program
	}
	return data
}

// define creates a definition and waits until it is Established. Like a client,
// it watches from the resource version of the created definition.
func (b *bench) define(ctx context.Context, worker int, plural string) error {
	client := b.clients[worker%connections]
	body, err := client.Post().RequestURI(definitions).SetHeader("Content-Type", jsonType).SetHeader("Accept", jsonType).Body(definition(plural)).DoRaw(ctx)
	if err != nil {
		return err
	}
	var made struct {
		Metadata struct{ ResourceVersion string }
	}
	if err := json.Unmarshal(body, &made); err != nil {
		return err
	}
	uri := definitions + "?watch=1&fieldSelector=metadata.name%3D" + plural + ".bench.example.com&resourceVersion=" + made.Metadata.ResourceVersion
	stream, err := client.Get().RequestURI(uri).SetHeader("Accept", jsonType).Stream(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	for events := bufio.NewReader(stream); ; {
		event, err := events.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("the watch ended: %w", err)
		}
		if established(event) {
			return nil
		}
	}
}

func established(event []byte) bool {
	var e struct {
		Object struct {
			Status struct {
				Conditions []struct{ Type, Status string }
			}
		}
	}
	if json.Unmarshal(event, &e) != nil {
		return false
	}
	for _, c := range e.Object.Status.Conditions {
		if c.Type == "Established" && c.Status == "True" {
			return true
		}
	}
	return false
}

// instance creates an object of a resource that was just defined. It repeats
// the request, because kube-apiserver does not serve the resource immediately.
func (b *bench) instance(ctx context.Context, worker int, plural, name string) error {
	c := call{"POST", "/apis/bench.example.com/v1/" + plural, jsonType, jsonType, customResource(plural, name), ""}
	for {
		_, err := b.send(ctx, worker, c)
		if !apierrors.IsNotFound(err) && !apierrors.IsTooManyRequests(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// defineAndUse measures the time from a definition to its first object.
func defineAndUse(ctx context.Context, b *bench, worker, i int) error {
	plural := fmt.Sprintf("r%dw%di%d", b.run, worker, i)
	if err := b.define(ctx, worker, plural); err != nil {
		return err
	}
	return b.instance(ctx, worker, plural, "first")
}

// defineMany creates many definitions concurrently. The latency is the time
// until a definition has its first object and a list contains it.
func defineMany(ctx context.Context, b *bench) (*result, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var mu sync.Mutex
	var latencies []time.Duration
	before, err := b.inUse(ctx)
	if err != nil {
		return nil, err
	}
	cpu, begin := b.server.cpu(), time.Now()
	all, load := errgroup.WithContext(ctx)
	for i := range atOnce {
		all.Go(func() error {
			if err := defineAndUse(load, b, i, 0); err != nil {
				return err
			}
			uri := fmt.Sprintf("/apis/bench.example.com/v1/r%dw%di%d", b.run, i, 0)
			if _, err := b.send(load, i, call{verb: "GET", uri: uri, accept: jsonType}); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			latencies = append(latencies, time.Since(begin))
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	r := &result{elapsed: time.Since(begin), cpu: b.server.cpu() - cpu, latencies: latencies}
	time.Sleep(time.Second) // until the watches have ended
	after, err := b.inUse(ctx)
	b.perDefinition = (after - before) / atOnce
	return r, err
}

// inUse returns the size of the server's heap and stacks in MiB, after a
// garbage collection.
func (b *bench) inUse(ctx context.Context) (float64, error) {
	report, err := b.clients[0].Get().RequestURI("/debug/pprof/heap?debug=1&gc=1").DoRaw(ctx)
	if err != nil {
		return 0, err
	}
	var total float64
	for _, name := range []string{"# HeapInuse = ", "# Stack = "} {
		_, rest, _ := strings.Cut(string(report), name)
		digits, _, _ := strings.Cut(rest, "\n")
		digits, _, _ = strings.Cut(digits, " ")
		size, err := strconv.ParseFloat(digits, 64)
		if err != nil {
			return 0, fmt.Errorf("%sin the heap profile: %w", name, err)
		}
		total += size
	}
	return total / (1 << 20), nil
}

const usedPlural = "usedresources"

func prepareCustomResource(ctx context.Context, b *bench) error {
	err := b.define(ctx, 0, usedPlural)
	if isThere(err) {
		return nil
	}
	return err
}

var customResourceBody = customResource(usedPlural, placeName)

func createCustomResource(ctx context.Context, b *bench, worker, i int) error {
	uri := "/apis/bench.example.com/v1/" + usedPlural
	body := bytes.Replace(customResourceBody, []byte(placeName), []byte(uniqueName("cr"+strconv.Itoa(b.run), worker, i)), 1)
	size, err := b.send(ctx, worker, call{"POST", uri, jsonType, jsonType, body, ""})
	if err == nil && size < 500 {
		err = errors.New("the custom resource has no defaults")
	}
	return err
}
