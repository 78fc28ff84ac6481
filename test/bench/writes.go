package main

import (
	"bytes"
	"context"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const strategicType = "application/strategic-merge-patch+json"

// statusTemplate is a pod with the status that a kubelet writes.
var statusTemplate = encodeProtobuf(runningPod(placeName))

func runningPod(name string) *corev1.Pod {
	p, since := pod(name), metav1.NewTime(time.Unix(1_700_000_000, 0))
	p.Status = corev1.PodStatus{Phase: corev1.PodRunning, HostIP: "10.0.0.1", PodIP: "10.244.0.7", StartTime: &since, Message: placeTick}
	for _, kind := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: since})
	}
	for _, c := range p.Spec.Containers {
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: since}},
		})
	}
	return p
}

// updateStatus replaces the status of a pod, without a resource version.
func updateStatus(ctx context.Context, b *bench, worker, i int) error {
	name := b.anyPod(worker, i)
	body := bytes.ReplaceAll(fill(statusTemplate, name, i), []byte(placeOwner), []byte(b.owner))
	_, err := b.send(ctx, worker, call{"PUT", pods + "/" + name + "/status", protoType, protoType, body, ""})
	return err
}

// patch changes a variable in the environment of one of the worker's deployments.
func patch(ctx context.Context, b *bench, worker, i int) error {
	uri := deployments + "/" + uniqueName("deploy", worker, i%perWorker) + "?fieldManager=patch"
	body := []byte(`{"spec":{"template":{"spec":{"containers":[{"name":"app","env":[{"name":"PATCHED","value":"` + strconv.Itoa(i) + `"}]}]}}}}`)
	_, err := b.send(ctx, worker, call{"PATCH", uri, strategicType, jsonType, body, ""})
	return err
}

const (
	mixedMaps = "/api/v1/namespaces/bench-mixed/configmaps"
	// mixedCount is the number of config maps of the mixed load that exist from the start.
	mixedCount = 500
)

// prepareMixed creates the config maps that the mixed load reads and updates.
func prepareMixed(ctx context.Context, b *bench) error {
	if err := b.namespace(ctx, "bench-mixed"); err != nil {
		return err
	}
	for i := range mixedCount {
		body := fill(configMapBody, uniqueName("mixed", 0, i), i)
		if _, err := b.send(ctx, i, call{"POST", mixedMaps, jsonType, jsonType, body, ""}); err != nil && !isThere(err) {
			return err
		}
	}
	return nil
}

// mixed does what clients do: of twenty requests fourteen get, two list a page, three update, and
// one creates.
func mixed(ctx context.Context, b *bench, worker, i int) error {
	name := uniqueName("mixed", 0, (worker*37+i*101)%mixedCount)
	c := call{verb: "GET", uri: mixedMaps + "/" + name, accept: jsonType}
	switch kind := i % 20; {
	case kind < 2:
		c.uri = mixedMaps + "?limit=50"
	case kind < 5:
		c.verb, c.contentType, c.body = "PUT", jsonType, fill(configMapBody, name, i)
	case kind < 6:
		c = call{"POST", mixedMaps, jsonType, jsonType, fill(configMapBody, uniqueName("mix"+strconv.Itoa(b.run), worker, i), i), ""}
	}
	_, err := b.send(ctx, worker, c)
	return err
}
