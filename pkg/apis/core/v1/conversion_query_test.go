package v1

import (
	"net/url"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
)

func TestQueryConversions(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := RegisterQueryConversions(scheme); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		query     string
		got, want any
	}{
		"log": {"container=c&follow=true&tailLines=5&sinceTime=2020-01-02T03:04:05Z&stream=Stdout", &corev1.PodLogOptions{},
			&corev1.PodLogOptions{Container: "c", Follow: true, TailLines: ptr.To[int64](5), Stream: ptr.To("Stdout"),
				SinceTime: ptr.To(metav1.NewTime(time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)))}},
		"exec":        {"command=ls&command=-l&stdout=1&tty=false", &corev1.PodExecOptions{}, &corev1.PodExecOptions{Command: []string{"ls", "-l"}, Stdout: true}},
		"attach":      {"stdin=true", &corev1.PodAttachOptions{}, &corev1.PodAttachOptions{Stdin: true}},
		"portforward": {"ports=80&ports=81", &corev1.PodPortForwardOptions{}, &corev1.PodPortForwardOptions{Ports: []int32{80, 81}}},
		"proxy":       {"path=/x", &corev1.ServiceProxyOptions{}, &corev1.ServiceProxyOptions{Path: "/x"}},
	} {
		t.Run(name, func(t *testing.T) {
			values, err := url.ParseQuery(c.query)
			if err != nil {
				t.Fatal(err)
			}
			if err := scheme.Convert(&values, c.got, nil); err != nil {
				t.Fatal(err)
			}
			if !apiequality.Semantic.DeepEqual(c.got, c.want) {
				t.Errorf("got %+v", c.got)
			}
		})
	}
	wrong := url.Values{"tailLines": {"x"}}
	if err := scheme.Convert(&wrong, &corev1.PodLogOptions{}, nil); err == nil {
		t.Error("a number that is none was accepted")
	}
}
