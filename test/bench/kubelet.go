package main

import (
	"context"
	"encoding/json"
	"os"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gatehouse-k8s/gatehouse/test/kubelet"
)

const onNode = "on-node"

// prepareNode starts a kubelet in this process, whose CPU time is not counted, and
// creates its node and a pod there.
func prepareNode(ctx context.Context, b *bench) error {
	if b.kubelet != nil {
		return nil
	}
	k, err := kubelet.Start(kubelet.Config{Dir: os.TempDir()})
	if err != nil {
		return err
	}
	b.kubelet = k
	if err := prepareAccount(ctx, b); err != nil {
		return err
	}
	runs := pod(onNode)
	runs.Spec.NodeName = "n"
	runs.OwnerReferences[0].UID = types.UID(b.owner)
	for path, object := range map[string]any{"/api/v1/nodes": k.Node("n"), pods: runs} {
		body, err := json.Marshal(object)
		if err != nil {
			return err
		}
		if _, err := b.send(ctx, 0, call{"POST", path, jsonType, jsonType, body, ""}); err != nil && !isThere(err) {
			return err
		}
	}
	return nil
}
