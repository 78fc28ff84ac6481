package main

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"

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
		{name: "create ConfigMap", clients: 1, upstream: figures{rate: 403, cpu: 2.27}, writes: true, operation: createConfigMap},
		{name: "create ConfigMap", clients: 16, upstream: figures{rate: 1026, cpu: 1.31}, writes: true, operation: createConfigMap},
		{name: "create Pod, default plugins", clients: 8, flags: []string{}, prepare: prepareAccount, writes: true, operation: createPod},
		{name: "create Pod, no plugins", clients: 8, flags: []string{"--disable-admission-plugins=" + defaultPlugins()}, writes: true, operation: createPod},
		{name: "get ConfigMap, certificate", clients: 8, prepare: prepareIdentities, operation: getAs("")},
		{name: "get ConfigMap, account token", clients: 8, prepare: prepareIdentities, operation: getAs("service account")},
		{name: "get ConfigMap, OIDC token", clients: 8, prepare: prepareIdentities, operation: getAs("OpenID Connect")},
		{name: "access review, 10 bindings", clients: 8, prepare: bindUsers(10), operation: reviewAccess},
		{name: "access review, 1,000 bindings", clients: 8, upstream: figures{rate: 1913, cpu: 0.77}, prepare: bindUsers(1000), operation: reviewAccess},
		{name: "access review, 10,000 bindings", clients: 8, prepare: bindUsers(10000), operation: reviewAccess},
		{name: "get Pod, JSON", clients: 8, upstream: figures{rate: 412, cpu: 0.86}, prepare: loadPods, operation: getPod(jsonType)},
		{name: "get Pod, protobuf", clients: 8, upstream: figures{rate: 854, cpu: 0.86}, prepare: loadPods, operation: getPod(protoType)},
		{name: "list all pods, JSON", clients: 1, upstream: figures{rate: 0.99, cpu: 980}, prepare: loadPods, operation: listPods(jsonType)},
		{name: "list all pods, protobuf", clients: 1, upstream: figures{rate: 1.37, cpu: 487}, prepare: loadPods, operation: listPods(protoType)},
		{name: "list all pods, Table", clients: 1, upstream: figures{rate: 0.72, cpu: 960}, prepare: loadPods, operation: listPods(tableType)},
		{name: "list all pods, pages of 500, JSON", clients: 1, prepare: loadPods, operation: listPages},
		{name: "watch all pods from a list on", clients: 1, prepare: loadPods, operation: watchList},
		{name: "update the status of a Pod", clients: 8, prepare: loadPods, writes: true, operation: updateStatus},
		{name: "watch event, 200 watchers", clients: 1, upstream: figures{rate: 22015, cpu: 0.036}, whole: fanOut(updates, 0)},
		{name: "watch event, 25 updates a second", clients: 1, whole: fanOut(updates/4, time.Second/25)},
		{name: "server-side apply of a Deployment", clients: 4, upstream: figures{rate: 144, cpu: 6.05}, prepare: applyAll, writes: true, operation: apply},
		{name: "strategic patch of a Deployment", clients: 4, prepare: applyAll, writes: true, operation: patch},
		{name: "mixed load of ConfigMaps", clients: 16, prepare: prepareMixed, writes: true, operation: mixed},
		{name: "exec, latency", clients: 1, prepare: prepareNode, operation: byWebSocket.output(1)},
		{name: "exec, 16 MiB of output", clients: 1, prepare: prepareNode, operation: byWebSocket.output(streamed)},
		{name: "exec, 16 MiB of input", clients: 1, prepare: prepareNode, operation: byWebSocket.input},
		{name: "port-forward, 16 MiB there and back", clients: 1, prepare: prepareNode, operation: byWebSocket.forward},
		{name: "exec, SPDY, latency", clients: 1, prepare: prepareNode, operation: bySPDY.output(1)},
		{name: "exec, SPDY, 16 MiB of output", clients: 1, prepare: prepareNode, operation: bySPDY.output(streamed)},
		{name: "exec, SPDY, 16 MiB of input", clients: 1, prepare: prepareNode, operation: bySPDY.input},
		{name: "port-forward, SPDY, 16 MiB", clients: 1, prepare: prepareNode, operation: bySPDY.forward},
		{name: "crd: definition to first object", clients: 1, writes: true, operation: defineAndUse},
		{name: "crd: 200 definitions at once", clients: atOnce, upstream: figures{rate: 119, cpu: 12.8}, whole: defineMany},
		{name: "crd: create custom resource, CEL", clients: 8, upstream: figures{rate: 505, cpu: 2.43},
			prepare: prepareCustomResource, writes: true, operation: createCustomResource},
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
