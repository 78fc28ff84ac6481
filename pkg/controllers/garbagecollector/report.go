package garbagecollector

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
)

// report creates an event for each reference to an owner that is known, but in another
// namespace. It tells so once.
func (c *collector) report(ctx context.Context, o object, live *metav1.PartialObjectMetadata) {
	for _, ref := range live.OwnerReferences {
		owner, seen := c.graph.seen(ref.UID)
		if !seen || owner.namespace == "" || owner.namespace == live.Namespace {
			continue
		}
		key := [2]any{live.UID, ref.UID}
		if _, told := c.reported.Get(key); told {
			continue
		}
		c.reported.Add(key, nil)
		text := fmt.Sprintf("ownerRef [%s/%s, namespace: %s, name: %s, uid: %s] does not exist in namespace %q",
			ref.APIVersion, ref.Kind, live.Namespace, ref.Name, ref.UID, live.Namespace)
		if err := c.warn(ctx, o, "OwnerRefInvalidNamespace", text); err != nil {
			klog.FromContext(ctx).Error(err, "Failed to create an event", "message", text)
		}
	}
}

// warn creates an event about an object. The event of an object without a namespace is in
// the namespace default.
func (c *collector) warn(ctx context.Context, o object, reason, message string) error {
	namespace := o.namespace
	if namespace == "" {
		namespace = metav1.NamespaceDefault
	}
	now := metav1.Now()
	apiVersion, kind := o.resource.gvk.ToAPIVersionAndKind()
	_, err := c.client.CoreV1().Events(namespace).Create(ctx, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: fmt.Sprintf("%s.%x", o.name, time.Now().UnixNano()), Namespace: namespace},
		InvolvedObject: corev1.ObjectReference{APIVersion: apiVersion, Kind: kind, Namespace: o.namespace, Name: o.name, UID: o.uid},
		Reason:         reason, Message: message, Type: corev1.EventTypeWarning,
		Source: corev1.EventSource{Component: Name}, ReportingController: Name,
		FirstTimestamp: now, LastTimestamp: now, Count: 1,
	}, metav1.CreateOptions{})
	return err
}
