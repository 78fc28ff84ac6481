// Package controllers lists the loops of kube-controller-manager that the
// server can run itself.
package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/clusterroleaggregation"
)

// Controller is a loop that runs until its context ends.
type Controller interface {
	Run(ctx context.Context)
}

// all are the controllers by kube-controller-manager's names.
var all = []struct {
	name string
	// needs is what the controller cannot do without.
	needs schema.GroupVersionResource
	new   func(kubernetes.Interface, informers.SharedInformerFactory) (Controller, error)
}{
	{clusterroleaggregation.Name, rbacv1.SchemeGroupVersion.WithResource("clusterroles"), func(c kubernetes.Interface, i informers.SharedInformerFactory) (Controller, error) {
		return clusterroleaggregation.New(c, i)
	}},
}

// Names returns the names of all controllers.
func Names() []string {
	var names []string
	for _, c := range all {
		names = append(names, c.name)
	}
	return names
}

// Validate returns an error for a choice with names that are not known.
func Validate(choice []string) error {
	for _, name := range choice {
		if name != "*" && !slices.Contains(Names(), strings.TrimPrefix(name, "-")) {
			return fmt.Errorf("%q is none of the controllers %s", name, strings.Join(Names(), ", "))
		}
	}
	return nil
}

// New makes the controllers of a choice: names, "*" for all of them and "-name"
// for all but one. Those without a resource that they need, because it is not
// served, are left out. It must be called before the informers start.
func New(choice []string, client kubernetes.Interface, informers informers.SharedInformerFactory,
	served func(schema.GroupVersionResource) bool) ([]Controller, error) {
	var chosen []Controller
	for _, c := range all {
		if !served(c.needs) {
			continue
		}
		if slices.Contains(choice, "-"+c.name) || !slices.Contains(choice, "*") && !slices.Contains(choice, c.name) {
			continue
		}
		controller, err := c.new(client, informers)
		if err != nil {
			return nil, fmt.Errorf("controller %s: %w", c.name, err)
		}
		chosen = append(chosen, controller)
	}
	return chosen, nil
}
