package quota

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	apiadmission "k8s.io/apiserver/pkg/admission"
	apiquota "k8s.io/apiserver/pkg/quota/v1"
	"k8s.io/client-go/kubernetes"
	resourcehelper "k8s.io/component-helpers/resource"
)

// ofDeviceClass is what follows the name of a device class in the name that limits
// the devices of this class.
const ofDeviceClass = ".deviceclass.resource.k8s.io/devices"

// deviceClaims evaluates resource claims: their number, and the devices that they
// request by class. The devices of a class also count as the resource
// deviceclass.resource.kubernetes.io/<class>, and as the extended resource that the
// class names (KEP-5004). A quota for such a resource limits pods and claims
// together.
//
// It asks the server for classes and pods, because it needs them only in namespaces
// with a quota for claims, which are rare.
type deviceClaims struct {
	client kubernetes.Interface
}

func newDeviceClaims(client kubernetes.Interface, listers Listers) apiquota.Evaluator {
	claims := resourcev1.SchemeGroupVersion.WithResource("resourceclaims")
	c := deviceClaims{client}
	return &evaluator[*resourcev1.ResourceClaim]{
		resource: claims.GroupResource(),
		list:     listers(claims),
		// What a claim requests never changes.
		handlesUpdate: func(apiadmission.Attributes) bool { return false },
		matching: func(names []corev1.ResourceName) []corev1.ResourceName {
			return c.matching(names, counted(claims.GroupResource()))
		},
		usage: func(claim *resourcev1.ResourceClaim) (corev1.ResourceList, error) {
			used, err := c.usage(claim)
			if err != nil {
				return nil, err
			}
			used[counted(claims.GroupResource())] = count(1)
			return used, nil
		},
	}
}

// matching returns the names that count claims or devices. If the device classes
// cannot be read, all extended resources are among them, so that usage reports why.
func (c deviceClaims) matching(names []corev1.ResourceName, claims corev1.ResourceName) []corev1.ResourceName {
	extended := func(name corev1.ResourceName) bool {
		resource, ok := strings.CutPrefix(string(name), corev1.DefaultResourceRequestsPrefix)
		return ok && isExtended(corev1.ResourceName(resource))
	}
	var classes map[string]string
	if slices.ContainsFunc(names, extended) {
		var err error
		if classes, err = c.extendedResources(); err != nil {
			utilruntime.HandleError(err)
		}
	}
	named := slices.Collect(maps.Values(classes))
	return among(names, func(name corev1.ResourceName) bool {
		return name == claims || strings.HasSuffix(string(name), ofDeviceClass) ||
			strings.HasPrefix(string(name), corev1.ResourceImplicitExtendedClaimsPerClass) ||
			extended(name) && (classes == nil || slices.Contains(named, strings.TrimPrefix(string(name), corev1.DefaultResourceRequestsPrefix)))
	})
}

// usage returns the devices of a claim by all names that a quota can have for them.
func (c deviceClaims) usage(claim *resourcev1.ResourceClaim) (corev1.ResourceList, error) {
	classes, err := c.extendedResources()
	if err != nil {
		return nil, err
	}
	devices, resources := corev1.ResourceList{}, corev1.ResourceList{}
	for class, n := range devicesByClass(claim) {
		devices[corev1.ResourceName(class+ofDeviceClass)] = n
		resources[corev1.ResourceName(corev1.ResourceImplicitExtendedClaimsPerClass+class)] = n
		if extended := classes[class]; extended != "" {
			name := requestsPrefix + corev1.ResourceName(extended)
			resources = apiquota.Add(resources, corev1.ResourceList{name: n})
		}
	}
	counted, err := c.countedForPod(claim)
	if err != nil {
		return nil, err
	}
	for name, quantity := range apiquota.SubtractWithNonNegativeResult(resources, apiquota.Mask(counted, apiquota.ResourceNames(resources))) {
		devices[name] = quantity
	}
	return devices, nil
}

// extendedResources returns the extended resources that device classes name, by
// class.
func (c deviceClaims) extendedResources() (map[string]string, error) {
	list, err := c.client.ResourceV1().DeviceClasses().List(context.Background(), metav1.ListOptions{})
	if apierrors.IsNotFound(err) {
		return map[string]string{}, nil // the resource is not served
	}
	if err != nil {
		return nil, fmt.Errorf("failed to list device classes: %w", err)
	}
	resources := map[string]string{}
	for i := range list.Items {
		if name := list.Items[i].Spec.ExtendedResourceName; name != nil {
			resources[list.Items[i].Name] = *name
		}
	}
	return resources, nil
}

// countedForPod returns what the quotas count for the pod for which the scheduler
// made a claim, because the pod requests extended resources that devices provide.
func (c deviceClaims) countedForPod(claim *resourcev1.ResourceClaim) (corev1.ResourceList, error) {
	owner := metav1.GetControllerOf(claim)
	if claim.Annotations[resourcev1.ExtendedResourceClaimAnnotation] != "true" || owner == nil || owner.APIVersion != "v1" || owner.Kind != "Pod" {
		return nil, nil
	}
	pod, err := c.client.CoreV1().Pods(claim.Namespace).Get(context.Background(), owner.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if status := pod.Status.ExtendedResourceClaimStatus; pod.UID != owner.UID || status != nil && status.ResourceClaimName != claim.Name {
		return nil, nil
	}
	counted := corev1.ResourceList{}
	for name, quantity := range resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{UseStatusResources: true}) {
		counted[requestsPrefix+name] = quantity
	}
	return counted, nil
}

// devicesByClass returns how many devices of each class a claim can get at most.
func devicesByClass(claim *resourcev1.ResourceClaim) map[string]resource.Quantity {
	devices := map[string]int64{}
	for _, request := range claim.Spec.Devices.Requests {
		if r := request.Exactly; r != nil {
			devices[r.DeviceClassName] += atMost(r.AllocationMode, r.Count)
		}
		alternatives := map[string]int64{}
		for _, r := range request.FirstAvailable {
			alternatives[r.DeviceClassName] = max(alternatives[r.DeviceClassName], atMost(r.AllocationMode, r.Count))
		}
		for class, n := range alternatives {
			devices[class] += n
		}
	}
	quantities := map[string]resource.Quantity{}
	for class, n := range devices {
		quantities[class] = count(n)
	}
	return quantities
}

// atMost returns how many devices a request can get. A request for all devices gets
// as many as a claim can have.
func atMost(mode resourcev1.DeviceAllocationMode, n int64) int64 {
	if mode == resourcev1.DeviceAllocationModeAll {
		return resourcev1.AllocationResultsMaxSize
	}
	return n
}
