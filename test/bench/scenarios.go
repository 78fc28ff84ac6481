package main

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	jsonType  = "application/json"
	protoType = "application/vnd.kubernetes.protobuf"
	tableType = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
	applyType = "application/apply-patch+yaml"

	configMaps  = "/api/v1/namespaces/bench/configmaps"
	pods        = "/api/v1/namespaces/bench/pods"
	deployments = "/apis/apps/v1/namespaces/bench/deployments"

	// perWorker is how many deployments each worker applies to.
	perWorker = 4
)

// scenarios are in the order of the table; kube-apiserver's figures are for
// 10,000 pods.
func scenarios() []scenario {
	return []scenario{
		{name: "create ConfigMap", clients: 1, upstream: figures{403, 2.27}, operation: createConfigMap},
		{name: "create ConfigMap", clients: 16, upstream: figures{1026, 1.31}, operation: createConfigMap},
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

// loadPods fills the namespace, once.
func loadPods(ctx context.Context, b *bench) error {
	if b.loaded {
		return nil
	}
	b.loaded = true
	template := encodeProtobuf(pod(placeName))
	writers, ctx := errgroup.WithContext(ctx)
	writers.SetLimit(16)
	for i := range b.pods {
		writers.Go(func() error {
			_, err := b.send(ctx, i, call{"POST", pods, protoType, protoType, fill(template, podName(i), i), ""})
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
		// A step that is prime to the number of pods visits all of them.
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

// applyAll makes the deployments, applied by both managers.
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

// apply lets two managers take turns on the worker's deployments.
func apply(ctx context.Context, b *bench, worker, i int) error {
	name, manager := uniqueName("deploy", worker, i/2%perWorker), managers[i%2]
	uri := deployments + "/" + name + "?force=true&fieldManager=" + manager.name
	body := bytes.TrimSpace(fill(manager.body, name, i))
	_, err := b.send(ctx, worker, call{"PATCH", uri, applyType, jsonType, body, ""})
	return err
}
