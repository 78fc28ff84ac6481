package v1

import (
	"errors"
	"net/url"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
)

// RegisterQueryConversions registers conversions that decode the options for
// subresources of pods, nodes and services from the query parameters of a
// request.
func RegisterQueryConversions(scheme *runtime.Scheme) error {
	return errors.Join(
		fromQuery(scheme, func(q *query, out *corev1.PodLogOptions) {
			q.text("container", &out.Container)
			q.flag("follow", &out.Follow)
			q.flag("previous", &out.Previous)
			q.number("sinceSeconds", &out.SinceSeconds)
			q.time("sinceTime", &out.SinceTime)
			q.flag("timestamps", &out.Timestamps)
			q.number("tailLines", &out.TailLines)
			q.number("limitBytes", &out.LimitBytes)
			q.flag("insecureSkipTLSVerifyBackend", &out.InsecureSkipTLSVerifyBackend)
			q.optionalText("stream", &out.Stream)
		}),
		fromQuery(scheme, func(q *query, out *corev1.PodAttachOptions) {
			q.flag("stdin", &out.Stdin)
			q.flag("stdout", &out.Stdout)
			q.flag("stderr", &out.Stderr)
			q.flag("tty", &out.TTY)
			q.text("container", &out.Container)
		}),
		fromQuery(scheme, func(q *query, out *corev1.PodExecOptions) {
			q.flag("stdin", &out.Stdin)
			q.flag("stdout", &out.Stdout)
			q.flag("stderr", &out.Stderr)
			q.flag("tty", &out.TTY)
			q.text("container", &out.Container)
			out.Command = q.values["command"]
		}),
		fromQuery(scheme, func(q *query, out *corev1.PodPortForwardOptions) {
			q.read("ports", func(v []string, s conversion.Scope) error {
				return metav1.Convert_Slice_string_To_Slice_int32(&v, &out.Ports, s)
			})
		}),
		fromQuery(scheme, func(q *query, out *corev1.PodProxyOptions) { q.text("path", &out.Path) }),
		fromQuery(scheme, func(q *query, out *corev1.NodeProxyOptions) { q.text("path", &out.Path) }),
		fromQuery(scheme, func(q *query, out *corev1.ServiceProxyOptions) { q.text("path", &out.Path) }),
	)
}

// fromQuery registers the function that decodes the options of type T.
func fromQuery[T any](scheme *runtime.Scheme, read func(q *query, out *T)) error {
	return scheme.AddConversionFunc((*url.Values)(nil), (*T)(nil), func(in, out any, scope conversion.Scope) error {
		q := &query{values: *in.(*url.Values), scope: scope}
		read(q, out.(*T))
		return q.err
	})
}

// query reads query parameters. After the first invalid parameter it ignores
// all others.
type query struct {
	values url.Values
	scope  conversion.Scope
	err    error
}

func (q *query) read(name string, convert func(values []string, scope conversion.Scope) error) {
	if values, ok := q.values[name]; ok && len(values) > 0 && q.err == nil {
		q.err = convert(values, q.scope)
	}
}

func (q *query) text(name string, out *string) {
	q.read(name, func(v []string, s conversion.Scope) error { return runtime.Convert_Slice_string_To_string(&v, out, s) })
}

func (q *query) optionalText(name string, out **string) {
	q.read(name, func(v []string, _ conversion.Scope) error {
		*out = &v[0]
		return nil
	})
}

func (q *query) flag(name string, out *bool) {
	q.read(name, func(v []string, s conversion.Scope) error { return runtime.Convert_Slice_string_To_bool(&v, out, s) })
}

func (q *query) number(name string, out **int64) {
	q.read(name, func(v []string, s conversion.Scope) error {
		return runtime.Convert_Slice_string_To_Pointer_int64(&v, out, s)
	})
}

func (q *query) time(name string, out **metav1.Time) {
	q.read(name, func(v []string, s conversion.Scope) error {
		*out = &metav1.Time{}
		return metav1.Convert_Slice_string_To_v1_Time(&v, *out, s)
	})
}
