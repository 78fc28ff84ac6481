package v1

import corev1 "k8s.io/api/core/v1"

// SetDefaults_LimitRangeItem sets the defaults of containers: the limit from the
// maximum, and the request from the limit or else from the minimum.
func SetDefaults_LimitRangeItem(item *corev1.LimitRangeItem) {
	if item.Type != corev1.LimitTypeContainer {
		return
	}
	fill(&item.Default, item.Max)
	fill(&item.DefaultRequest, item.Default)
	fill(&item.DefaultRequest, item.Min)
}

// fill adds the quantities of resources that the list does not have.
func fill(list *corev1.ResourceList, from corev1.ResourceList) {
	if *list == nil {
		*list = corev1.ResourceList{}
	}
	for name, quantity := range from {
		if _, ok := (*list)[name]; !ok {
			(*list)[name] = quantity.DeepCopy()
		}
	}
}
