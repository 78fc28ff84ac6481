// Package controllers contains the building blocks of controllers. A Loop
// provides the queue, the retries and the workers; a controller only defines
// what it watches and its Sync function. Controller describes a controller in
// the list of pkg/controllers/loops. Each controller has its own package below
// this one.
package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
)

// Controller is a controller that the server can run.
type Controller struct {
	// Name is the name of the controller in kube-controller-manager and in the
	// flag --controllers.
	Name string
	// Needs are the resources that the controller requires. It does not run if
	// one of them is not served.
	Needs []schema.GroupVersionResource
	// New creates the loop. It is called before the informers start.
	New func(Deps) *Loop
}

// Deps contains what the server provides for controllers.
type Deps struct {
	// Client may do everything.
	Client kubernetes.Interface
	// Metadata reads the metadata of objects of any resource.
	Metadata metadata.Interface
	// Occupied returns a channel that is closed when a resource may have objects,
	// which is before the first one is created. It returns nil if that is not known;
	// Occupied itself is nil if it is never known.
	Occupied func(context.Context, schema.GroupVersionResource) <-chan struct{}
	// Informers are started after all loops are created.
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

// Validate returns an error if the choice contains a name that is not in the
// list.
func (l List) Validate(choice []string) error {
	for _, name := range choice {
		if name != "*" && !slices.Contains(l.Names(), strings.TrimPrefix(name, "-")) {
			return fmt.Errorf("unknown controller %q: choose among %s", name, strings.Join(l.Names(), ", "))
		}
	}
	return nil
}

// New creates the loops of the chosen controllers. An element of choice is a
// name, "*" for all controllers, or "-name" for all except one. Controllers
// that need a resource that is not served are omitted.
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
