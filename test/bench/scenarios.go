package main

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission/plugins"
)

const (
	jsonType  = "application/json"
	protoType = "application/vnd.kubernetes.protobuf"
	tableType = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
	applyType = "application/apply-patch+yaml"

	configMaps  = "/api/v1/namespaces/bench/configmaps"
	pods        = "/api/v1/namespaces/bench/pods"
	deployments = "/apis/apps/v1/namespaces/bench/deployments"

	// perWorker is the number of deployments to which each worker applies.
	perWorker = 4
)

// scenarios returns the scenarios in the order of the table. The figures of
// kube-apiserver were recorded with 10,000 pods.
func scenarios() []scenario {
	return []scenario{
		{name: "create ConfigMap", clients: 1, upstream: figures{403, 2.27}, operation: createConfigMap},
		{name: "create ConfigMap", clients: 16, upstream: figures{1026, 1.31}, operation: createConfigMap},
		{name: "create Pod, default plugins", clients: 8, flags: []string{}, prepare: prepareAccount, operation: createPod},
		{name: "create Pod, no plugins", clients: 8, flags: []string{"--disable-admission-plugins=" + defaultPlugins()}, operation: createPod},
		{name: "get ConfigMap, certificate", clients: 8, prepare: prepareIdentities, operation: getAs("")},
		{name: "get ConfigMap, account token", clients: 8, prepare: prepareIdentities, operation: getAs("service account")},
		{name: "get ConfigMap, OIDC token", clients: 8, prepare: prepareIdentities, operation: getAs("OpenID Connect")},
		{name: "access review, 10 bindings", clients: 8, prepare: bindUsers(10), operation: reviewAccess},
		{name: "access review, 1,000 bindings", clients: 8, upstream: figures{1913, 0.77}, prepare: bindUsers(1000), operation: reviewAccess},
		{name: "access review, 10,000 bindings", clients: 8, prepare: bindUsers(10000), operation: reviewAccess},
		{name: "get Pod, JSON", clients: 8, upstream: figures{412, 0.86}, prepare: loadPods, operation: getPod(jsonType)},
		{name: "get Pod, protobuf", clients: 8, upstream: figures{854, 0.86}, prepare: loadPods, operation: getPod(protoType)},
		{name: "list all pods, JSON", clients: 1, upstream: figures{0.99, 980}, prepare: loadPods, operation: listPods(jsonType)},
		{name: "list all pods, protobuf", clients: 1, upstream: figures{1.37, 487}, prepare: loadPods, operation: listPods(protoType)},
		{name: "list all pods, Table", clients: 1, upstream: figures{0.72, 960}, prepare: loadPods, operation: listPods(tableType)},
		{name: "watch event, 200 watchers", clients: 1, upstream: figures{22015, 0.036}, whole: fanOut},
		{name: "server-side apply of a Deployment", clients: 4, upstream: figures{144, 6.05}, prepare: applyAll, operation: apply},
		{name: "exec, latency", clients: 1, prepare: prepareNode, operation: byWebSocket.output(1)},
		{name: "exec, 16 MiB of output", clients: 1, prepare: prepareNode, operation: byWebSocket.output(streamed)},
		{name: "exec, 16 MiB of input", clients: 1, prepare: prepareNode, operation: byWebSocket.input},
		{name: "port-forward, 16 MiB there and back", clients: 1, prepare: prepareNode, operation: byWebSocket.forward},
		{name: "exec, SPDY, latency", clients: 1, prepare: prepareNode, operation: bySPDY.output(1)},
		{name: "exec, SPDY, 16 MiB of output", clients: 1, prepare: prepareNode, operation: bySPDY.output(streamed)},
		{name: "exec, SPDY, 16 MiB of input", clients: 1, prepare: prepareNode, operation: bySPDY.input},
		{name: "port-forward, SPDY, 16 MiB", clients: 1, prepare: prepareNode, operation: bySPDY.forward},
		{name: "crd: definition to first object", clients: 1, operation: defineAndUse},
		{name: "crd: 200 definitions at once", clients: atOnce, upstream: figures{119, 12.8}, whole: defineMany},
		{name: "crd: create custom resource, CEL", clients: 8, upstream: figures{505, 2.43}, prepare: prepareCustomResource, operation: createCustomResource},
	}
}

var configMapBody = encodeJSON(configMap(placeName))

func createConfigMap(ctx context.Context, b *bench, worker, i int) error {
	name := uniqueName("run-"+strconv.Itoa(b.run), worker, i)
	_, err := b.send(ctx, worker, call{"POST", configMaps, jsonType, jsonType, fill(configMapBody, name, i), ""})
	return err
}

// defaultPlugins returns the names of the admission plugins that are on by default.
func defaultPlugins() string {
	var names []string
	for _, plugin := range plugins.All() {
		if !plugin.Off {
			names = append(names, plugin.Name)
		}
	}
	return strings.Join(names, ",")
}

// prepareAccount creates the service account of pods, which no controller of
// kube-apiserver does.
func prepareAccount(ctx context.Context, b *bench) error {
	body := []byte(`{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}`)
	if _, err := b.send(ctx, 0, call{"POST", "/api/v1/namespaces/bench/serviceaccounts", jsonType, jsonType, body, ""}); err != nil && !isThere(err) {
		return err
	}
	return nil
}

var podTemplate = encodeProtobuf(pod(placeName))

func createPod(ctx context.Context, b *bench, worker, i int) error {
	name := uniqueName("run-"+strconv.Itoa(b.run), worker, i)
	_, err := b.send(ctx, worker, call{"POST", pods, protoType, protoType, b.podBody(name, i), ""})
	return err
}

// loadPods creates the pods when it is called for the first time.
func loadPods(ctx context.Context, b *bench) error {
	if b.loaded {
		return nil
	}
	b.loaded = true
	writers, ctx := errgroup.WithContext(ctx)
	writers.SetLimit(16)
	for i := range b.pods {
		writers.Go(func() error {
			_, err := b.send(ctx, i, call{"POST", pods, protoType, protoType, b.podBody(podName(i), i), ""})
			return err
		})
	}
	if err := writers.Wait(); err != nil {
		return err
	}
	time.Sleep(2 * time.Second)
	b.memory = b.server.memory()
	return nil
}

func getPod(accept string) func(context.Context, *bench, int, int) error {
	return func(ctx context.Context, b *bench, worker, i int) error {
		// The step is a prime number that does not divide the number of pods,
		// so that all pods are visited.
		name := podName((worker*1237 + i*7919) % b.pods)
		_, err := b.send(ctx, worker, call{verb: "GET", uri: pods + "/" + name, accept: accept})
		return err
	}
}

func listPods(accept string) func(context.Context, *bench, int, int) error {
	return func(ctx context.Context, b *bench, worker, _ int) error {
		size, err := b.send(ctx, worker, call{verb: "GET", uri: pods, accept: accept})
		if err == nil && size < int64(b.pods)*20 {
			err = fmt.Errorf("a list of %d bytes is too short", size)
		}
		return err
	}
}

var managers = []struct {
	name string
	body []byte
}{{"main", toJSON(mainApply)}, {"side", toJSON(sideApply)}}

// applyAll creates the deployments by applying the configurations of both
// managers.
func applyAll(ctx context.Context, b *bench) error {
	for worker := range 4 {
		for i := range 2 * perWorker {
			if err := apply(ctx, b, worker, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// apply applies the configurations of the two managers alternately to the
// worker's deployments.
func apply(ctx context.Context, b *bench, worker, i int) error {
	name, manager := uniqueName("deploy", worker, i/2%perWorker), managers[i%2]
	uri := deployments + "/" + name + "?force=true&fieldManager=" + manager.name
	body := bytes.TrimSpace(fill(manager.body, name, i))
	_, err := b.send(ctx, worker, call{"PATCH", uri, applyType, jsonType, body, ""})
	return err
}
