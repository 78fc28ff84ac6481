package main

import (
	"bytes"
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
)

const (
	// placeOwner is the UID of the pods' owner in their template.
	placeOwner = "6a1f3a52-5a7f-4e0e-9a57-0f7d1c3f4b11"
	ownerName  = "web-5d4f8c7b9"
	nodeName   = "node-1"

	replicaSets = "/apis/apps/v1/namespaces/bench/replicasets"
)

// prepareOwner creates the replica set and the node of the pods. The controllers of our server
// would otherwise delete the pods while they are measured.
func (b *bench) prepareOwner(ctx context.Context) error {
	if b.owner != "" {
		return nil
	}
	template := pod("")
	template.OwnerReferences, template.Spec.NodeName = nil, ""
	set := &appsv1.ReplicaSet{
		TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ReplicaSet"}, ObjectMeta: metav1.ObjectMeta{Name: ownerName},
		Spec: appsv1.ReplicaSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: template.Labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: template.ObjectMeta, Spec: template.Spec},
		},
	}
	node := &corev1.Node{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"}, ObjectMeta: metav1.ObjectMeta{Name: nodeName}}
	for path, body := range map[string][]byte{replicaSets: encodeJSON(set), "/api/v1/nodes": encodeJSON(node)} {
		if _, err := b.send(ctx, 0, call{"POST", path, jsonType, jsonType, body, ""}); err != nil && !isThere(err) {
			return err
		}
	}
	answer, err := b.clients[0].Get().RequestURI(replicaSets + "/" + ownerName).DoRaw(ctx)
	if err != nil {
		return err
	}
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode(answer, nil, nil)
	if err != nil {
		return err
	}
	made, ok := object.(*appsv1.ReplicaSet)
	if !ok || len(made.UID) != len(placeOwner) {
		return fmt.Errorf("the replica set is %.80s", answer)
	}
	b.owner = string(made.UID)
	return nil
}

// podBody returns the body of a request that creates a pod.
func (b *bench) podBody(name string, i int) []byte {
	return bytes.ReplaceAll(fill(podTemplate, name, i), []byte(placeOwner), []byte(b.owner))
}
