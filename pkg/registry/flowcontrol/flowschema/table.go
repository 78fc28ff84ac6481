package flowschema

import (
	"cmp"
	"context"
	"slices"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type flowSchema = *flowcontrolv1.FlowSchema

var columns = []registry.Column[flowSchema]{
	registry.NameColumn[flowSchema](),
	{Name: "PriorityLevel", Description: registry.Doc(flowcontrolv1.PriorityLevelConfigurationReference{}, "name"),
		Cell: func(s flowSchema) any { return s.Spec.PriorityLevelConfiguration.Name }},
	{Name: "MatchingPrecedence", Description: registry.Doc(flowcontrolv1.FlowSchemaSpec{}, "matchingPrecedence"),
		Cell: func(s flowSchema) any { return s.Spec.MatchingPrecedence }},
	{Name: "DistinguisherMethod", Description: registry.Doc(flowcontrolv1.FlowSchemaSpec{}, "distinguisherMethod"),
		Cell: distinguisher},
	registry.AgeColumn[flowSchema](),
	{Name: "MissingPL", Description: "references a broken or non-existent PriorityLevelConfiguration",
		Cell: dangling},
}

func distinguisher(s flowSchema) any {
	if s.Spec.DistinguisherMethod == nil {
		return registry.None
	}
	return string(s.Spec.DistinguisherMethod.Type)
}

func dangling(s flowSchema) any {
	for _, c := range s.Status.Conditions {
		if c.Type == flowcontrolv1.FlowSchemaConditionDangling {
			return string(c.Status)
		}
	}
	return "?"
}

func setTable(store *genericregistry.Store, _ registry.Deps) { store.TableConvertor = newTable() }

func newTable() byPrecedence { return byPrecedence{registry.NewTable(columns, nil)} }

// byPrecedence sorts flow schemas by precedence, which is the order in which
// the server matches requests against them.
type byPrecedence struct{ rest.TableConvertor }

// ConvertToTable implements rest.TableConvertor.
func (c byPrecedence) ConvertToTable(ctx context.Context, object, options runtime.Object) (*metav1.Table, error) {
	if list, ok := object.(*flowcontrolv1.FlowSchemaList); ok {
		sorted := *list
		sorted.Items = slices.Clone(list.Items)
		slices.SortStableFunc(sorted.Items, func(a, b flowcontrolv1.FlowSchema) int {
			return cmp.Or(cmp.Compare(a.Spec.MatchingPrecedence, b.Spec.MatchingPrecedence), cmp.Compare(a.Name, b.Name))
		})
		object = &sorted
	}
	return c.TableConvertor.ConvertToTable(ctx, object, options)
}
