package daemonset

import (
	"context"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
)

// The generation of the pod template counts its changes. It is in an annotation,
// and only the server writes it: what clients send is used for new daemon sets
// only.

// startTemplateGeneration sets the generation of a new daemon set to 1 unless the
// client has sent a higher one.
func startTemplateGeneration(_ context.Context, ds object) {
	setTemplateGeneration(ds, max(templateGeneration(ds), 1))
}

// countTemplateGeneration counts a change of the template.
func countTemplateGeneration(_ context.Context, ds, old object) {
	generation := templateGeneration(old)
	if !apiequality.Semantic.DeepEqual(ds.Spec.Template, old.Spec.Template) {
		generation++
	}
	setTemplateGeneration(ds, generation)
}

// keepTemplateGeneration leaves the generation as it was.
func keepTemplateGeneration(_ context.Context, ds, old object) {
	setTemplateGeneration(ds, templateGeneration(old))
}

// templateGeneration returns 0 if there is no generation or if it is no number.
func templateGeneration(ds object) int64 {
	generation, err := strconv.ParseInt(ds.Annotations[appsv1.DeprecatedTemplateGeneration], 10, 64)
	if err != nil {
		return 0
	}
	return generation
}

func setTemplateGeneration(ds object, generation int64) {
	if ds.Annotations == nil {
		ds.Annotations = map[string]string{}
	}
	ds.Annotations[appsv1.DeprecatedTemplateGeneration] = strconv.FormatInt(generation, 10)
}
