// Package controllers is what controllers are made of. A Loop has the queue, the
// retries and the workers, so that a controller is what it watches and its Sync;
// Controller is its entry in the list of pkg/controllers/loops. Each controller
// has a folder below this one.
package controllers

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
)

// Controller is a controller that the server can run.
type Controller struct {
	// Name is kube-controller-manager's name of it, by which --controllers
	// chooses it.
	Name string
	// Needs are the resources that it cannot do without: it does not run when
	// one of them is not served.
	Needs []schema.GroupVersionResource
	// New makes the loop. It is called before the informers start.
	New func(Deps) *Loop
}

// Deps is what controllers are given.
type Deps struct {
	// Client has all rights.
	Client kubernetes.Interface
	// Informers start when all loops are made.
	Informers informers.SharedInformerFactory
}

// List is a list of controllers.
type List []Controller

// Names returns the names of the controllers.
func (l List) Names() []string {
	var names []string
	for _, c := range l {
		names = append(names, c.Name)
	}
	return names
}

// Validate returns an error for a choice with names that are not on the list.
func (l List) Validate(choice []string) error {
	for _, name := range choice {
		if name != "*" && !slices.Contains(l.Names(), strings.TrimPrefix(name, "-")) {
			return fmt.Errorf("%q is none of the controllers %s", name, strings.Join(l.Names(), ", "))
		}
	}
	return nil
}

// New makes the loops of a choice: names, "*" for all of them and "-name" for
// all but one. Controllers that need a resource that is not served are left
// out.
func (l List) New(choice []string, deps Deps, served func(schema.GroupVersionResource) bool) []*Loop {
	var chosen []*Loop
	for _, c := range l {
		if slices.Contains(choice, "-"+c.Name) || !slices.Contains(choice, "*") && !slices.Contains(choice, c.Name) {
			continue
		}
		if slices.ContainsFunc(c.Needs, func(resource schema.GroupVersionResource) bool { return !served(resource) }) {
			continue
		}
		loop := c.New(deps)
		loop.name = c.Name
		chosen = append(chosen, loop)
	}
	return chosen
}
