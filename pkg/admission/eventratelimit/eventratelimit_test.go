package eventratelimit

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
)

const head = "{apiVersion: eventratelimit.admission.k8s.io/v1alpha1, kind: Configuration, limits: "

// TestAccept uses limits that do not recover during the test.
func TestAccept(t *testing.T) {
	p, err := newPlugin(strings.NewReader(head + `[{type: Namespace, qps: 1, burst: 2}, {type: User, qps: 1, burst: 3, cacheSize: 10},
{type: SourceAndObject, qps: 1, burst: 1}, {type: Server, qps: 1, burst: 6}]}`))
	if err != nil {
		t.Fatal(err)
	}
	const source = "limit reached on type SourceAndObject for key shPodnou"
	const namespace, userName = "limit reached on type Namespace for key n", "limit reached on type User for key u"
	for _, step := range []struct {
		name, namespace, user, object string
		dryRun                        bool
		want                          string
	}{
		{"first", "n", "u", "o", false, "<nil>"},
		{"again", "n", "u", "o", false, "Too many requests: " + source},
		{"dry run", "n", "u", "o", true, "<nil>"},
		{"one more", "n", "u", "o", false, "Too many requests: [" + namespace + ", " + source + "]"},
		{"another object", "n", "u", "p", false, "Too many requests: [" + namespace + ", " + userName + "]"},
		{"another namespace and user", "m", "v", "q", false, "<nil>"},
		{"and again", "k", "w", "r", false, "<nil>"},
		{"the server", "l", "x", "s", false, "Too many requests: limit reached on type Server for key "},
	} {
		t.Run(step.name, func(t *testing.T) {
			event := &corev1.Event{Source: corev1.EventSource{Component: "s", Host: "h"},
				InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: step.namespace, Name: step.object, UID: "u"}}
			a := apiadmission.NewAttributesRecord(event, nil, schema.GroupVersionKind{}, step.namespace, "e",
				corev1.SchemeGroupVersion.WithResource("events"), "", apiadmission.Create, nil, step.dryRun, &user.DefaultInfo{Name: step.user})
			if got := fmt.Sprint(p.accept(t.Context(), a, event)); got != step.want {
				t.Errorf("%s\nwant %s", got, step.want)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	for _, test := range []struct{ name, config, want string }{
		{"none", head + "[]}", "limits: Invalid value: null: must not be empty"},
		{"another kind", "{apiVersion: x/v1, kind: Other}", `no kind "Other" is registered for version "x/v1"`},
		{"bad values", head + "[{type: Foo, cacheSize: -1}]}", `[limits[0].type: Unsupported value: "Foo": supported values: "Server", "Namespace", "User", ` +
			`"SourceAndObject", limits[0].burst: Invalid value: 0: must be positive, limits[0].qps: Invalid value: 0: must be positive, ` +
			`limits[0].cacheSize: Invalid value: -1: must not be negative]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := newPlugin(strings.NewReader(test.config)); fmt.Sprint(err) != test.want {
				t.Errorf("%v\nwant %s", err, test.want)
			}
		})
	}
}
