// Package workload contains what the resources that create pods from a template
// have in common: table columns, warnings and hooks.
package workload

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Columns returns the last columns of the table of a workload, which kubectl
// shows only with -o wide. selectorDoc is the description of the column with
// the selector.
func (t Template[T]) Columns(selector func(T) *metav1.LabelSelector, selectorDoc string) []registry.Column[T] {
	return append(t.ContainerColumns(1), registry.Column[T]{Name: "Selector", Priority: 1, Description: selectorDoc,
		Cell: func(obj T) any { return metav1.FormatLabelSelector(selector(obj)) }})
}

// ContainerColumns returns the columns with the names and the images of the
// containers in the template. Those of priority 1 are shown only with -o wide.
func (t Template[T]) ContainerColumns(priority int32) []registry.Column[T] {
	containers := func(of func(corev1.Container) string) func(T) any {
		return func(obj T) any {
			var all []string
			for _, c := range t.spec(obj).Containers {
				all = append(all, of(c))
			}
			return strings.Join(all, ",")
		}
	}
	return []registry.Column[T]{
		{Name: "Containers", Priority: priority, Description: "Names of each container in the template.",
			Cell: containers(func(c corev1.Container) string { return c.Name })},
		{Name: "Images", Priority: priority, Description: "Images referenced by each container in the template.",
			Cell: containers(func(c corev1.Container) string { return c.Image })},
	}
}
