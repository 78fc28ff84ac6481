// Package componentstatus defines componentstatuses: whether the scheduler, the
// controller manager and etcd answer. Nothing of them is stored; each request
// asks.
package componentstatus

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *corev1.ComponentStatus

// component is what can be asked for its health. Its check returns nil or why it
// is unhealthy.
type component struct {
	name  string
	check func(ctx context.Context) error
}

// New defines componentstatuses. etcd checks each of the etcd servers, which are
// called etcd-0, etcd-1 and so on. The others have kube-apiserver's addresses.
func New(etcd []func(ctx context.Context) error) registry.Definition {
	components := []component{
		{"controller-manager", get("https://127.0.0.1:10257/healthz")},
		{"scheduler", get("https://127.0.0.1:10259/healthz")},
	}
	for i, check := range etcd {
		components = append(components, component{fmt.Sprintf("etcd-%d", i), check})
	}
	return &registry.Plain{
		Describe: registry.Info{
			GVR:      corev1.SchemeGroupVersion.WithResource("componentstatuses"),
			Versions: []schema.GroupVersion{corev1.SchemeGroupVersion},
			New:      func() runtime.Object { return &corev1.ComponentStatus{} },
		},
		Make: func(registry.Deps) (map[string]rest.Storage, error) {
			return map[string]rest.Storage{"componentstatuses": &componentREST{registry.NewTable(columns, nil), components}}, nil
		},
	}
}

type componentREST struct {
	rest.TableConvertor
	components []component
}

var (
	_ rest.Getter               = (*componentREST)(nil)
	_ rest.Lister               = (*componentREST)(nil)
	_ rest.Scoper               = (*componentREST)(nil)
	_ rest.SingularNameProvider = (*componentREST)(nil)
	_ rest.ShortNamesProvider   = (*componentREST)(nil)
)

func (r *componentREST) New() runtime.Object     { return &corev1.ComponentStatus{} }
func (r *componentREST) NewList() runtime.Object { return &corev1.ComponentStatusList{} }
func (r *componentREST) Destroy()                {}
func (r *componentREST) NamespaceScoped() bool   { return false }
func (r *componentREST) GetSingularName() string { return "componentstatus" }
func (r *componentREST) ShortNames() []string    { return []string{"cs"} }

// Get implements rest.Getter.
func (r *componentREST) Get(ctx context.Context, name string, _ *metav1.GetOptions) (runtime.Object, error) {
	for _, c := range r.components {
		if c.name == name {
			status := c.status(ctx)
			return &status, nil
		}
	}
	return nil, apierrors.NewNotFound(corev1.Resource("componentstatus"), name)
}

// List implements rest.Lister. It asks the selected components all at once.
func (r *componentREST) List(ctx context.Context, options *metainternalversion.ListOptions) (runtime.Object, error) {
	label, field := labels.Everything(), fields.Everything()
	if options != nil && options.LabelSelector != nil {
		label = options.LabelSelector
	}
	if options != nil && options.FieldSelector != nil {
		field = options.FieldSelector
	}
	var selected []component
	for _, c := range r.components {
		if label.Matches(labels.Set{}) && field.Matches(fields.Set{"metadata.name": c.name, "metadata.namespace": ""}) {
			selected = append(selected, c)
		}
	}
	list := &corev1.ComponentStatusList{Items: make([]corev1.ComponentStatus, len(selected))}
	var asked sync.WaitGroup
	for i, c := range selected {
		asked.Go(func() { list.Items[i] = c.status(ctx) })
	}
	asked.Wait()
	return list, nil
}

// status asks a component. The message says "ok" or why it is unhealthy.
func (c component) status(ctx context.Context) corev1.ComponentStatus {
	condition := corev1.ComponentCondition{Type: corev1.ComponentHealthy, Status: corev1.ConditionTrue, Message: "ok"}
	if err := c.check(ctx); err != nil {
		condition.Status, condition.Message = corev1.ConditionFalse, err.Error()
	}
	return corev1.ComponentStatus{ObjectMeta: metav1.ObjectMeta{Name: c.name}, Conditions: []corev1.ComponentCondition{condition}}
}

var columns = []registry.Column[object]{
	registry.NameColumn[object](),
	{Name: "Status", Description: "Status of the component conditions", Cell: func(s object) any {
		switch healthy(s).Status {
		case corev1.ConditionTrue:
			return "Healthy"
		case corev1.ConditionFalse:
			return "Unhealthy"
		}
		return "Unknown"
	}},
	{Name: "Message", Description: "Message of the component conditions", Cell: func(s object) any { return healthy(s).Message }},
	{Name: "Error", Description: "Error of the component conditions", Cell: func(s object) any { return healthy(s).Error }},
}

// healthy returns the condition Healthy, or an empty one.
func healthy(s object) corev1.ComponentCondition {
	for _, condition := range s.Conditions {
		if condition.Type == corev1.ComponentHealthy {
			return condition
		}
	}
	return corev1.ComponentCondition{}
}
