package csinode

import (
	"context"

	storagev1 "k8s.io/api/storage/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

// maxNodeID is the length of the longest identifier of a node, in bytes.
const maxNodeID = 256

var driversPath = field.NewPath("spec", "drivers")

func validate(_ context.Context, n *storagev1.CSINode) field.ErrorList {
	var errs field.ErrorList
	names := sets.Set[string]{}
	for i, d := range n.Spec.Drivers {
		at := driversPath.Index(i)
		errs = append(errs, volume.ValidateCSIDriverName(d.Name, at.Child("name"))...)
		errs = append(errs, validateNodeID(d.NodeID, at.Child("nodeID"))...)
		if d.Allocatable != nil && d.Allocatable.Count != nil && *d.Allocatable.Count < 0 {
			errs = append(errs, field.Invalid(at.Child("allocatable", "count"), *d.Allocatable.Count, "must be greater than or equal to 0"))
		}
		if names.Has(d.Name) {
			errs = append(errs, field.Duplicate(at.Child("name"), d.Name))
		}
		names.Insert(d.Name)
		errs = append(errs, validateTopologyKeys(d.TopologyKeys, at)...)
	}
	return errs
}

func validateNodeID(id string, p *field.Path) field.ErrorList {
	switch {
	case id == "":
		return field.ErrorList{field.Required(p, "")}
	case len(id) > maxNodeID:
		return field.ErrorList{field.Invalid(p, id, "must be 256 characters or less")}
	}
	return nil
}

// validateTopologyKeys checks the labels that say where the node is. Errors name
// the driver, as those of kube-apiserver do.
func validateTopologyKeys(keys []string, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := sets.Set[string]{}
	for _, key := range keys {
		if key == "" {
			errs = append(errs, field.Required(p, ""))
		}
		if seen.Has(key) {
			errs = append(errs, field.Duplicate(p, key))
		}
		seen.Insert(key)
		errs = append(errs, validation.ValidateQualifiedName(key, p)...)
	}
	return errs
}

// validateUpdate refuses changes of a driver, except for how many volumes the
// node takes. Drivers may come and go.
func validateUpdate(_ context.Context, n, old *storagev1.CSINode) field.ErrorList {
	var errs field.ErrorList
	before := make(map[string]storagev1.CSINodeDriver, len(old.Spec.Drivers))
	for _, d := range old.Spec.Drivers {
		d.Allocatable = nil
		before[d.Name] = d
	}
	for _, d := range n.Spec.Drivers {
		d.Allocatable = nil
		if was, ok := before[d.Name]; ok && !apiequality.Semantic.DeepEqual(d, was) {
			errs = append(errs, field.Invalid(driversPath, goform.Of(d), "field is immutable"))
		}
	}
	return errs
}
