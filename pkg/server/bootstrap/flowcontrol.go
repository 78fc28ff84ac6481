package bootstrap

import (
	"context"
	"fmt"
	"strconv"

	"golang.org/x/sync/errgroup"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	flowcontrolbootstrap "k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
)

// fieldManager is the field manager with which the server writes these objects.
const fieldManager = "api-priority-and-fairness-config-producer-v1"

// flowControl creates the flow schemas and priority levels of API Priority and
// Fairness (KEP-1040). It always restores changed mandatory objects. It
// restores changed suggested objects unless their annotation disables this.
func flowControl(n Needs) genericapiserver.PostStartHookFunc {
	return func(hook genericapiserver.PostStartHookContext) error {
		if err := retry(hook, func(ctx context.Context) error { return ensureFlowControl(ctx, n) }); err != nil {
			return err
		}
		go keep(hook, resyncInterval, nil, func(ctx context.Context) error { return ensureFlowControl(ctx, n) })
		return nil
	}
}

func ensureFlowControl(ctx context.Context, n Needs) error {
	levels, schemas := n.Client.FlowcontrolV1().PriorityLevelConfigurations(), n.Client.FlowcontrolV1().FlowSchemas()
	existingLevels, err := list[*flowcontrolv1.PriorityLevelConfigurationList](ctx, n.Objects, priorityLevelResource)
	if err != nil {
		return fmt.Errorf("priority levels: %w", err)
	}
	existingSchemas, err := list[*flowcontrolv1.FlowSchemaList](ctx, n.Objects, flowSchemaResource)
	if err != nil {
		return fmt.Errorf("flow schemas: %w", err)
	}
	var parallel errgroup.Group
	for _, l := range []struct {
		mandatory bool
		objects   []*flowcontrolv1.PriorityLevelConfiguration
	}{{true, flowcontrolbootstrap.MandatoryPriorityLevelConfigurations}, {false, flowcontrolbootstrap.SuggestedPriorityLevelConfigurations}} {
		ensureAll(ctx, &parallel, l.mandatory, l.objects, index(existingLevels.Items), levels,
			func(have, want *flowcontrolv1.PriorityLevelConfiguration) bool {
				equal := apiequality.Semantic.DeepEqual(have.Spec, want.Spec)
				have.Spec = want.Spec
				return equal
			})
	}
	for _, s := range []struct {
		mandatory bool
		objects   []*flowcontrolv1.FlowSchema
	}{{true, flowcontrolbootstrap.MandatoryFlowSchemas}, {false, flowcontrolbootstrap.SuggestedFlowSchemas}} {
		ensureAll(ctx, &parallel, s.mandatory, s.objects, index(existingSchemas.Items), schemas,
			func(have, want *flowcontrolv1.FlowSchema) bool {
				equal := apiequality.Semantic.DeepEqual(have.Spec, want.Spec)
				have.Spec = want.Spec
				return equal
			})
	}
	return parallel.Wait()
}

// object is a pointer to a flow schema or a priority level.
type object[T any] interface {
	*T
	metav1.Object
	runtime.Object
	DeepCopy() *T
}

// writer contains the methods of a typed client that are used here.
type writer[T any] interface {
	Create(ctx context.Context, obj *T, options metav1.CreateOptions) (*T, error)
	Update(ctx context.Context, obj *T, options metav1.UpdateOptions) (*T, error)
}

func index[T any, P object[T]](items []T) map[string]*T {
	byName := make(map[string]*T, len(items))
	for i := range items {
		byName[P(&items[i]).GetName()] = &items[i]
	}
	return byName
}

// ensureAll creates or updates objects. adopt sets the spec of the existing
// object to the wanted one and reports whether it was equal before.
func ensureAll[T any, P object[T]](ctx context.Context, parallel *errgroup.Group, mandatory bool, objects []P, existing map[string]*T,
	client writer[T], adopt func(have, want *T) bool) {
	for _, o := range objects {
		want := P(o.DeepCopy())
		apis.Scheme.Default(want)
		want.SetAnnotations(map[string]string{flowcontrolv1.AutoUpdateAnnotationKey: strconv.FormatBool(true)})
		have, found := existing[want.GetName()]
		if !found {
			parallel.Go(func() error {
				_, err := client.Create(ctx, want, metav1.CreateOptions{FieldManager: fieldManager})
				return unlessExists(err)
			})
			continue
		}
		changed := P(P(have).DeepCopy())
		automatic, annotated := autoUpdate(changed, mandatory)
		if !automatic {
			continue
		}
		if equal := adopt(changed, want); equal && annotated {
			continue
		}
		annotations := changed.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[flowcontrolv1.AutoUpdateAnnotationKey] = strconv.FormatBool(true)
		changed.SetAnnotations(annotations)
		parallel.Go(func() error {
			_, err := client.Update(ctx, changed, metav1.UpdateOptions{FieldManager: fieldManager})
			if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
				return nil // somebody has changed or deleted it; the next round handles that
			}
			return err
		})
	}
}

// autoUpdate reports whether the server updates the spec of an object
// (automatic), and whether its annotation says so (annotated). The server
// updates a suggested object without an annotation only if nobody has changed
// its spec, that is, if its generation is 1.
func autoUpdate(o metav1.Object, mandatory bool) (automatic, annotated bool) {
	value, found := o.GetAnnotations()[flowcontrolv1.AutoUpdateAnnotationKey]
	parsed, err := strconv.ParseBool(value)
	annotated = found && err == nil && parsed
	if mandatory || annotated {
		return true, annotated
	}
	return (!found || err != nil) && o.GetGeneration() == 1, false
}
