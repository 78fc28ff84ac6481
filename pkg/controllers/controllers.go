// Package controllers contains the building blocks of controllers. A Loop
// provides the queue, the retries and the workers; a controller only defines
// what it watches and its Sync function. Controller describes a controller in
// the list of pkg/controllers/loops. Each controller has its own package below
// this one.
package controllers

import (
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
)

// Controller is a controller that the server can run.
type Controller struct {
	// Name is the name of the controller in kube-controller-manager and in the
	// flag --controllers.
	Name string
	// Alias is another name that the flag accepts, which kube-controller-manager
	// had for the controller before Kubernetes 1.28. It may be empty.
	Alias string
	// ByNameOnly excludes the controller from those that "*" stands for.
	ByNameOnly bool
	// Needs are the resources that the controller requires. It does not run if
	// one of them is not served.
	Needs []schema.GroupVersionResource
	// New creates the loop. It may be called several times, each time for another
	// period in which the controller runs, and each time before the informers that
	// it asks for start.
	New func(Deps) *Loop
}

// Deps contains what the server provides for controllers.
type Deps struct {
	// Client may do everything.
	Client kubernetes.Interface
	// Metadata reads the metadata of objects of any resource.
	Metadata metadata.Interface
	// Objects are those that the server stores itself: they are followed without requests.
	Objects *objects.Access
	// Vacancy returns a context that ends when a resource may have objects, which is
	// before the first one is created. It returns nil if that is not known; Vacancy
	// itself is nil if it is never known.
	Vacancy func(context.Context, schema.GroupVersionResource) context.Context
	// Informers are started after all loops are created.
	Informers informers.SharedInformerFactory
	// RootCA returns the certificates, in PEM, with which clients verify the server.
	RootCA func() ([]byte, error)
	// SignCertificate signs a certificate for the owner of a key with the CA of the
	// server, whose client certificates the server accepts. The template has everything
	// but the serial number.
	SignCertificate func(template x509.Certificate, public crypto.PublicKey) (*x509.Certificate, error)
	// SignToken signs a token of a service account.
	SignToken func(context.Context, *serviceaccount.Claims) (string, error)
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
	for _, element := range choice {
		name := strings.TrimPrefix(element, "-")
		known := func(c Controller) bool { return c.has(name) }
		if element != "*" && !slices.ContainsFunc(l, known) {
			return fmt.Errorf("unknown controller %q: choose among %s", name, strings.Join(l.Names(), ", "))
		}
	}
	return nil
}

// New creates the loops of the chosen controllers. An element of choice is a
// name, "-name" for a controller that must not run, or "*" for all that no element
// names, except those that run ByNameOnly. The first element that names a controller
// decides. Controllers that need a resource that is not served are omitted.
func (l List) New(choice []string, deps Deps, served func(schema.GroupVersionResource) bool) []*Loop {
	var chosen []*Loop
	for _, c := range l {
		if !c.runs(choice, served) {
			continue
		}
		loop := c.New(deps)
		loop.Name = c.Name
		chosen = append(chosen, loop)
	}
	return chosen
}

// Runs reports whether New creates the loop of a controller.
func (l List) Runs(name string, choice []string, served func(schema.GroupVersionResource) bool) bool {
	return slices.ContainsFunc(l, func(c Controller) bool { return c.has(name) && c.runs(choice, served) })
}

func (c Controller) runs(choice []string, served func(schema.GroupVersionResource) bool) bool {
	return c.chosen(choice) && !slices.ContainsFunc(c.Needs, func(resource schema.GroupVersionResource) bool { return !served(resource) })
}

// has reports whether this is a name of the controller.
func (c Controller) has(name string) bool { return name == c.Name || c.Alias != "" && name == c.Alias }

// chosen reports whether a choice contains the controller.
func (c Controller) chosen(choice []string) bool {
	for _, element := range choice {
		if name, disabled := strings.CutPrefix(element, "-"); c.has(name) {
			return !disabled
		}
	}
	return slices.Contains(choice, "*") && !c.ByNameOnly
}
