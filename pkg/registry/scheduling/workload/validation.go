package workload

import (
	"context"
	"fmt"

	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var specPath = field.NewPath("spec")

// validate checks the tree of templates: its depth, that no composite template is
// empty, and that names differ in all of the tree. Updates cannot change any of
// this. No kube-apiserver with composite templates has been recorded: the words
// are this server's own.
func validate(_ context.Context, w object) field.ErrorList {
	v := validator{names: sets.Set[string]{}}
	v.visit(w.Spec.PodGroupTemplates, w.Spec.CompositePodGroupTemplates, specPath, 1)
	return v.errs
}

// validator collects the mistakes in a tree, and the names so far.
type validator struct {
	errs  field.ErrorList
	names sets.Set[string]
}

// visit checks the templates below a node of the tree, which are at this depth.
func (v *validator) visit(leaves []leaf, composites []composite, p *field.Path, depth int) {
	leavesPath, compositesPath := p.Child("podGroupTemplates"), p.Child("compositePodGroupTemplates")
	if depth > schedulingv1beta1.WorkloadMaxTreeDepth {
		if len(leaves)+len(composites) > 0 {
			v.errs = append(v.errs, field.Forbidden(p, fmt.Sprintf("the templates may be nested at most %d deep", schedulingv1beta1.WorkloadMaxTreeDepth)))
		}
		return
	}
	siblings := sets.Set[string]{}
	for i := range leaves {
		v.unique(leaves[i].Name, siblings, leavesPath.Index(i))
	}
	siblings = sets.Set[string]{}
	for i := range composites {
		v.unique(composites[i].Name, siblings, compositesPath.Index(i))
	}
	for i := range composites {
		t, at := &composites[i], compositesPath.Index(i)
		if len(t.PodGroupTemplates)+len(t.CompositePodGroupTemplates) == 0 {
			v.errs = append(v.errs, field.Required(at, "must have podGroupTemplates or compositePodGroupTemplates"))
		}
		v.visit(t.PodGroupTemplates, t.CompositePodGroupTemplates, at, depth+1)
	}
}

// unique reports a name that another list of the tree has. The generated
// validation finds those that occur twice in the same list.
func (v *validator) unique(name string, siblings sets.Set[string], at *field.Path) {
	if v.names.Has(name) && !siblings.Has(name) {
		v.errs = append(v.errs, field.Duplicate(at.Child("name"), name))
	}
	v.names.Insert(name)
	siblings.Insert(name)
}
