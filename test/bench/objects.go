package main

import (
	"bytes"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"
)

// Objects are encoded once. For each use, the two placeholders are replaced by
// values of the same length, because the lengths inside a protobuf message are
// not updated.
const (
	placeName = "bench-rrrrrrrr-ww-ssssss"
	placeTick = "tick-77777777"
)

// uniqueName returns a name with the length of placeName. run must have at most
// eight characters.
func uniqueName(run string, worker, i int) string {
	for len(run) < 8 {
		run += "-"
	}
	return fmt.Sprintf("bench-%s-%02x-%06x", run[:8], worker&0xff, i&0xffffff)
}

func podName(i int) string { return uniqueName("pod", 0, i) }

func fill(template []byte, name string, i int) []byte {
	body := bytes.ReplaceAll(template, []byte(placeName), []byte(name))
	return bytes.ReplaceAll(body, []byte(placeTick), fmt.Appendf(nil, "tick-%08d", i%100_000_000))
}

func encode(encoder runtime.Encoder, object runtime.Object) []byte {
	data, err := runtime.Encode(encoder, object)
	if err != nil {
		panic(err) // the objects are constants of this program
	}
	return data
}

func encodeJSON(object runtime.Object) []byte {
	return encode(json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, json.SerializerOptions{}), object)
}

func encodeProtobuf(object runtime.Object) []byte {
	return encode(protobuf.NewSerializer(scheme.Scheme, scheme.Scheme), object)
}

func toJSON(text string) []byte {
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		panic(err) // the text is a constant of this program
	}
	return data
}

// configMap returns a small configuration.
func configMap(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": "bench"}},
		Data: map[string]string{
			"tick":          placeTick,
			"config.yaml":   "level: info\nlisten: 0.0.0.0:8080\ntimeout: 30s\nfeatures:\n- a\n- b\n- c\n",
			"settings.json": `{"cache":{"size":1024,"ttl":"5m"},"retries":3,"hosts":["a.example","b.example"]}`,
		},
	}
}

// pod returns a pod that looks like a replica of a deployment with two
// containers.
func pod(name string) *corev1.Pod {
	return &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Labels:      map[string]string{"app": "web", "tier": "front", "pod-template-hash": "5d4f8c7b9"},
			Annotations: map[string]string{"bench/tick": placeTick, "prometheus.io/scrape": "true"},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "ReplicaSet", Name: ownerName, UID: placeOwner,
				Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true),
			}},
		},
		Spec: corev1.PodSpec{
			NodeName:   nodeName,
			Containers: []corev1.Container{container("app", "registry.example/web:1.2.3", 8080), container("proxy", "registry.example/proxy:4.5", 9090)},
			Volumes: []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{
				ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "web"}},
			}}},
		},
	}
}

func container(name, image string, port int32) corev1.Container {
	probe := &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromInt32(port)}},
		PeriodSeconds: 10, TimeoutSeconds: 2, FailureThreshold: 3,
	}
	field := &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.name"}
	return corev1.Container{
		Name: name, Image: image,
		Args:  []string{"--v=2", "--listen=:8080", "--config=/etc/app/config.yaml"},
		Ports: []corev1.ContainerPort{{Name: "p" + name, ContainerPort: port, Protocol: corev1.ProtocolTCP}},
		Env: []corev1.EnvVar{
			{Name: "LEVEL", Value: "info"},
			{Name: "POD_NAME", ValueFrom: &corev1.EnvVarSource{FieldRef: field}},
			{Name: "ENDPOINT", Value: "https://service.example.svc.cluster.local:8443"},
		},
		Resources:      corev1.ResourceRequirements{Requests: quantities("100m", "128Mi"), Limits: quantities("500m", "512Mi")},
		VolumeMounts:   []corev1.VolumeMount{{Name: "config", MountPath: "/etc/app", ReadOnly: true}},
		ReadinessProbe: probe, LivenessProbe: probe,
	}
}

func quantities(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
}
