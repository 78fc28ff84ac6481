package ownerreferences

import (
	"context"
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/utils/ptr"
)

func TestValidate(t *testing.T) {
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Pod"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Node"), meta.RESTScopeRoot)
	ref := func(kind string, uid types.UID, block bool) metav1.OwnerReference {
		return metav1.OwnerReference{APIVersion: "v1", Kind: kind, Name: "o", UID: uid, BlockOwnerDeletion: ptr.To(block)}
	}
	object := func(refs ...metav1.OwnerReference) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{OwnerReferences: refs}}
	}
	const mayDelete, mayBlockPod, mayBlockNode = "delete configmaps ns/c", "update pods/finalizers ns/o", "update nodes/finalizers /o"
	const noDelete = `configmaps "c" is forbidden: cannot set an ownerRef on a resource you can't delete: , <nil>`
	const noBlock = `configmaps "c" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: , <nil>`
	for _, test := range []struct {
		name     string
		obj, old *corev1.ConfigMap
		rights   []string
		want     string
	}{
		{"create without blocking", object(ref("Pod", "1", false)), nil, nil, "<nil>"},
		{"create, blocking", object(ref("Pod", "1", true)), nil, []string{mayDelete}, noBlock},
		{"create, blocking, allowed", object(ref("Pod", "1", true)), nil, []string{mayBlockPod}, "<nil>"},
		{"owner without a namespace", object(ref("Node", "1", true)), nil, []string{mayBlockNode}, "<nil>"},
		{"unknown kind", object(ref("Foo", "1", true)), nil, nil, `configmaps "c" is forbidden: cannot set blockOwnerDeletion in this case because ` +
			`cannot find RESTMapping for APIVersion v1 Kind Foo: no matches for kind "Foo" in version "v1"`},
		{"nothing changes", object(ref("Pod", "1", true)), object(ref("Pod", "1", true)), nil, "<nil>"},
		{"change", object(ref("Pod", "2", false)), object(ref("Pod", "1", false)), []string{mayBlockPod}, noDelete},
		{"remove", object(), object(ref("Pod", "1", true)), nil, noDelete},
		{"change, allowed", object(ref("Pod", "2", false)), object(ref("Pod", "1", false)), []string{mayDelete}, "<nil>"},
		{"one that blocked already", object(ref("Pod", "1", true), ref("Pod", "2", false)), object(ref("Pod", "1", true)), []string{mayDelete}, "<nil>"},
		{"begin to block", object(ref("Pod", "1", true)), object(ref("Pod", "1", false)), []string{mayDelete}, noBlock},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlugin()
			p.SetRESTMapper(mapper)
			p.SetAuthorizer(authorizer.AuthorizerFunc(func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
				resource := a.GetResource()
				if a.GetSubresource() != "" {
					resource += "/" + a.GetSubresource()
				}
				if slices.Contains(test.rights, fmt.Sprintf("%s %s %s/%s", a.GetVerb(), resource, a.GetNamespace(), a.GetName())) {
					return authorizer.DecisionAllow, "", nil
				}
				return authorizer.DecisionNoOpinion, "", nil
			}))
			resource := corev1.SchemeGroupVersion.WithResource("configmaps")
			operation := apiadmission.Create
			var old runtime.Object
			if test.old != nil {
				operation, old = apiadmission.Update, test.old
			}
			a := apiadmission.NewAttributesRecord(test.obj, old, schema.GroupVersionKind{}, "ns", "c", resource, "", operation, nil, false, &user.DefaultInfo{})
			if got := fmt.Sprint(p.Validate(t.Context(), a, nil)); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}
